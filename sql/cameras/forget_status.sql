-- Cameras that are configured no longer have no status.
DELETE FROM cameras.status
WHERE organization_id = warehouse.current_organization() AND camera_name <> ALL(%(names)s) AND worker = %(worker)s
