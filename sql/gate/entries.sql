-- All lines that count now or will, with the version they belong to: one statement, so that both are of one moment.
SELECT entry_id, plate, kind, reason, officer, valid_from, valid_until,
    (SELECT coalesce(max(version), 0) FROM gate.list_version WHERE organization_id = warehouse.current_organization()) AS version
FROM gate.vehicle_list
WHERE organization_id = warehouse.current_organization() AND withdrawn_at IS NULL
    AND (valid_until IS NULL OR valid_until > %(now)s)
