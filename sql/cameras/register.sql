-- Registers a camera, or changes it.
INSERT INTO cameras.cameras (camera_name, definition, changed_at, changed_by)
VALUES (%(camera_name)s, %(definition)s, %(now)s, %(changed_by)s)
ON CONFLICT (organization_id, camera_name) DO UPDATE
SET definition = excluded.definition, changed_at = excluded.changed_at, changed_by = excluded.changed_by
