-- Version of the vehicle lists; 0 before their first line.
SELECT coalesce(max(version), 0) AS version
FROM gate.list_version
WHERE organization_id = warehouse.current_organization()
