-- The lines of one plate as they are this moment, and the version of the lists: one row at least.
SELECT v.version, e.entry_id, e.plate, e.kind, e.reason, e.officer, e.valid_from, e.valid_until
FROM (
    SELECT coalesce(max(version), 0) AS version FROM gate.list_version
    WHERE organization_id = warehouse.current_organization()
) AS v
LEFT JOIN gate.vehicle_list AS e
    ON e.organization_id = warehouse.current_organization() AND e.plate = %(plate)s AND e.withdrawn_at IS NULL
