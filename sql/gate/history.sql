-- All lines a plate ever had, the newest first.
SELECT entry_id, plate, kind, reason, officer, valid_from, valid_until, entered_at, withdrawn_at, withdrawn_by, withdrawn_reason
FROM gate.vehicle_list
WHERE organization_id = warehouse.current_organization() AND plate = %(plate)s
ORDER BY entry_id DESC
LIMIT %(limit)s
