-- One camera as its worker sees it now; what another worker reported later stays.
INSERT INTO cameras.status AS s (
    camera_name, role, state, reason, detail, since, last_frame_at, stale_after_s, is_fresh, fps, width, height, reconnects, worker, reported_at
)
VALUES (
    %(camera_name)s, %(role)s, %(state)s, %(reason)s, %(detail)s, %(since)s, %(last_frame_at)s, %(stale_after_s)s, %(is_fresh)s, %(fps)s,
    %(width)s, %(height)s, %(reconnects)s, %(worker)s, %(reported_at)s
)
ON CONFLICT (organization_id, camera_name) DO UPDATE
SET role = excluded.role, state = excluded.state, reason = excluded.reason, detail = excluded.detail, since = excluded.since,
    last_frame_at = coalesce(excluded.last_frame_at, s.last_frame_at), stale_after_s = excluded.stale_after_s, is_fresh = excluded.is_fresh,
    fps = excluded.fps, width = excluded.width, height = excluded.height, reconnects = excluded.reconnects, worker = excluded.worker,
    reported_at = excluded.reported_at
WHERE excluded.reported_at >= s.reported_at
