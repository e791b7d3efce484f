-- Forgets a registered camera and its address; its figures stay.
DELETE FROM cameras.cameras
WHERE organization_id = warehouse.current_organization() AND camera_name = %(camera_name)s
RETURNING camera_name
