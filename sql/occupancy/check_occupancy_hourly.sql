-- Failures of occupancy.occupancy_hourly.
WITH hours AS (
    SELECT * FROM occupancy.occupancy_hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), raw AS (
    SELECT h.area_id, h.source_id, h.hour_start, l.events
    FROM hours AS h
    CROSS JOIN LATERAL (
        SELECT count(*) AS events FROM occupancy.occupancy_log
        WHERE organization_id = h.organization_id AND source_id = h.source_id
            AND observed_at >= h.hour_start AND observed_at < h.hour_end
    ) AS l
    WHERE h.source_id <> ''
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'area_id', area_id, 'source_id', source_id, 'hour_start', hour_start, 'avg', avg_occupancy, 'min', min_occupancy,
    'max', max_occupancy, 'observed_min', observed_min) AS failure
FROM hours
WHERE min_occupancy < 0 OR entries < 0 OR exits < 0 OR surplus_exits < 0 OR closing_occupancy < 0
    -- The last digit of an average may be rounded.
    OR avg_occupancy < min_occupancy - 1e-6 OR avg_occupancy > max_occupancy + 1e-6
    OR observed_min > extract(epoch FROM hour_end - hour_start) / 60
UNION ALL
SELECT 'unknown_is_not_zero', jsonb_build_object('area_id', area_id, 'source_id', source_id, 'hour_start', hour_start)
FROM hours
WHERE observed_min = 0 AND avg_occupancy IS NOT NULL
UNION ALL
-- Events go on arriving while this is asked: more of them is no fault, fewer is.
SELECT 'reconciles_with_log', jsonb_build_object(
    'source_id', source_id, 'hour_start', hour_start, 'events', h.event_count, 'logged', raw.events)
FROM raw JOIN hours AS h USING (area_id, source_id, hour_start)
WHERE h.event_count > raw.events
UNION ALL
SELECT 'observed', jsonb_build_object('area_id', area_id, 'hour_start', hour_start, 'observed_min', observed_min)
FROM hours
WHERE source_id = '' AND hour_end <= %(now)s AND observed_min < extract(epoch FROM hour_end - hour_start) / 120
UNION ALL
SELECT 'entries_are_seen', jsonb_build_object('area_id', area_id, 'surplus_exits', sum(surplus_exits), 'exits', sum(exits))
FROM hours
WHERE source_id = ''
GROUP BY area_id
HAVING sum(surplus_exits) > 0.05 * sum(exits)
