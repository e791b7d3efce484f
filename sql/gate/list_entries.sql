-- Lines of the lists as of now, the newest first.
SELECT entry_id, plate, kind, reason, officer, valid_from, valid_until, entered_at
FROM gate.vehicle_list
WHERE organization_id = warehouse.current_organization() AND withdrawn_at IS NULL
    AND (valid_until IS NULL OR valid_until > %(now)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY entry_id DESC
LIMIT %(limit)s
