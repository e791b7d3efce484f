-- The address of a registered camera.
INSERT INTO cameras.addresses (camera_name, source_url)
VALUES (%(camera_name)s, %(source_url)s)
ON CONFLICT (organization_id, camera_name) DO UPDATE SET source_url = excluded.source_url
