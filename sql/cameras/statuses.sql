-- Each camera as its worker saw it last, and how long ago that was.
SELECT camera_name, role, state, reason, detail, since, last_frame_at, stale_after_s, is_fresh, fps, width, height, reconnects, worker, reported_at
FROM cameras.status
WHERE organization_id = warehouse.current_organization()
ORDER BY camera_name
