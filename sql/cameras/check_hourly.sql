-- Failures of cameras.hourly.
WITH hours AS (
    SELECT * FROM cameras.hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), minutes AS (
    SELECT camera_name, hour_start, sum(watched_s) AS watched_s, sum(captured_count) AS captured_count
    FROM cameras.minutes
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY camera_name, hour_start
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'camera_name', camera_name, 'hour_start', hour_start, 'watched_s', watched_s, 'available_pct', available_pct) AS failure
FROM hours
-- Two workers, one after the other, share an hour; two at once would count everything twice.
WHERE watched_s > 3660 OR fresh_s > watched_s + 0.001 OR available_pct NOT BETWEEN 0 AND 100.001
UNION ALL
SELECT 'reconciles_with_minutes', jsonb_build_object('camera_name', camera_name, 'hour_start', hour_start, 'hour', h.captured_count, 'minutes', m.captured_count)
FROM hours AS h LEFT JOIN minutes AS m USING (camera_name, hour_start)
WHERE h.captured_count > coalesce(m.captured_count, 0)
UNION ALL
SELECT 'every_finished_hour_is_there', jsonb_build_object('camera_name', m.camera_name, 'hour_start', m.hour_start)
FROM minutes AS m LEFT JOIN hours AS h USING (camera_name, hour_start)
WHERE h.hour_start IS NULL AND m.hour_start + interval '3 hours' < %(now)s
UNION ALL
SELECT 'cameras_are_available', jsonb_build_object('camera_name', camera_name, 'available_pct', 100 * sum(fresh_s) / sum(watched_s))
FROM hours
GROUP BY camera_name
HAVING sum(watched_s) > 0 AND sum(fresh_s) < 0.95 * sum(watched_s)
