-- Each camera's hours, from its minutes.
WITH minutes AS (
    SELECT * FROM cameras.minutes
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), reasons AS (
    SELECT production_day, hour_start, camera_name, jsonb_object_agg(reason, dark_minutes) AS dark_minutes_by_reason
    FROM (
        SELECT production_day, hour_start, camera_name, reason, count(*) AS dark_minutes
        FROM minutes WHERE reason IS NOT NULL
        GROUP BY production_day, hour_start, camera_name, reason
    ) AS r
    GROUP BY production_day, hour_start, camera_name
)
INSERT INTO cameras.hourly (
    production_day, hour_start, camera_name, watched_s, fresh_s, available_pct, captured_count, processed_count, damaged_count,
    overwritten_count, failed_count, reconnect_count, captured_fps, processed_fps, dark_minutes_by_reason
)
SELECT
    production_day,
    hour_start,
    camera_name,
    sum(watched_s),
    sum(fresh_s),
    100 * sum(fresh_s) / nullif(sum(watched_s), 0),
    sum(captured_count),
    sum(processed_count),
    sum(damaged_count),
    sum(overwritten_count),
    sum(failed_count),
    sum(reconnect_count),
    sum(captured_count) / nullif(sum(fresh_s), 0),
    sum(processed_count) / nullif(sum(fresh_s), 0),
    coalesce(min(reasons.dark_minutes_by_reason::text), '{}')::jsonb
FROM minutes LEFT JOIN reasons USING (production_day, hour_start, camera_name)
GROUP BY production_day, hour_start, camera_name
