-- Registered cameras without their addresses.
SELECT camera_name, definition, changed_at, changed_by
FROM cameras.cameras
WHERE organization_id = warehouse.current_organization()
ORDER BY camera_name
