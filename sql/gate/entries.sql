-- All lines that count now or will, with the version they belong to; one row at least, so that both are of one moment.
SELECT v.version, e.entry_id, e.plate, e.kind, e.reason, e.officer, e.valid_from, e.valid_until
FROM (
    SELECT coalesce(max(version), 0) AS version FROM gate.list_version
    WHERE organization_id = warehouse.current_organization()
) AS v
LEFT JOIN gate.vehicle_list AS e
    ON e.organization_id = warehouse.current_organization() AND e.withdrawn_at IS NULL
    AND (e.valid_until IS NULL OR e.valid_until > %(now)s)
