-- Failures of cameras.minutes.
WITH minutes AS (
    SELECT * FROM cameras.minutes
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT 'times_are_possible' AS check_name, jsonb_build_object('camera_name', camera_name, 'minute_start', minute_start) AS failure
FROM minutes
WHERE minute_start > %(now)s + interval '5 minutes'
UNION ALL
SELECT 'nothing_is_looked_at_that_never_came', jsonb_build_object(
    'camera_name', camera_name, 'captured', sum(captured_count), 'processed', sum(processed_count))
FROM minutes
GROUP BY camera_name, worker_started_at
-- A picture may arrive in one minute and be looked at in the next, of which there may be one at each end of the day.
HAVING sum(processed_count) > sum(captured_count) + 2
UNION ALL
SELECT 'pictures_are_looked_at', jsonb_build_object(
    'camera_name', camera_name, 'captured', sum(captured_count), 'failed', sum(failed_count), 'processed', sum(processed_count))
FROM minutes
GROUP BY camera_name
HAVING sum(failed_count) > 0
