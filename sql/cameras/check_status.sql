-- Failures of cameras.status.
WITH cameras AS (
    SELECT * FROM cameras.status WHERE organization_id = (SELECT warehouse.current_organization())
)
SELECT 'every_camera_is_watched' AS check_name, jsonb_build_object(
    'camera_name', camera_name, 'reported_at', reported_at, 'worker', worker) AS failure
FROM cameras
WHERE %(now)s - reported_at > interval '2 minutes'
UNION ALL
SELECT 'no_camera_is_dark', jsonb_build_object(
    'camera_name', camera_name, 'reason', reason, 'detail', detail, 'since', since, 'last_frame_at', last_frame_at)
FROM cameras
-- A clip that has come to its end is no camera that failed.
WHERE %(now)s - reported_at <= interval '2 minutes' AND NOT is_fresh AND reason IS DISTINCT FROM 'finished'
    AND %(now)s - since > interval '1 minute'
UNION ALL
SELECT 'times_are_possible', jsonb_build_object('camera_name', camera_name, 'last_frame_at', last_frame_at, 'reported_at', reported_at)
FROM cameras
WHERE reported_at > %(now)s + interval '5 minutes' OR last_frame_at > reported_at + interval '5 minutes'
