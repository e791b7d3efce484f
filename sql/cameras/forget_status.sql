-- Cameras that this machine watches no longer, and those of machines that are long gone, have no status.
DELETE FROM cameras.status
WHERE organization_id = warehouse.current_organization() AND camera_name <> ALL(%(names)s)
    AND (split_part(worker, ':', 1) = %(host)s OR reported_at < %(now)s - interval '7 days')
