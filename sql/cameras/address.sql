-- The address of one registered camera.
SELECT source_url FROM cameras.addresses
WHERE organization_id = warehouse.current_organization() AND camera_name = %(camera_name)s
