-- Every camera that was registered through the API, with its address; for the worker alone.
SELECT c.camera_name, c.definition, a.source_url, c.changed_at, c.changed_by
FROM cameras.cameras AS c
JOIN cameras.addresses AS a USING (organization_id, camera_name)
WHERE c.organization_id = warehouse.current_organization()
ORDER BY c.camera_name
