-- Failures of occupancy.occupancy_daily.
WITH days AS (
    SELECT * FROM occupancy.occupancy_daily
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), hours AS (
    SELECT production_day, area_id, source_id, sum(entries) AS entries, sum(exits) AS exits, sum(event_count) AS event_count,
        max(max_occupancy) AS max_occupancy, min(min_occupancy) AS min_occupancy
    FROM occupancy.occupancy_hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, area_id, source_id
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'area_id', area_id, 'source_id', source_id, 'production_day', production_day, 'avg', avg_occupancy) AS failure
FROM days
WHERE avg_occupancy < min_occupancy - 1e-6 OR avg_occupancy > max_occupancy + 1e-6 OR observed_min > 25 * 60
    OR (avg_occupancy IS NULL) <> (max_occupancy IS NULL)
UNION ALL
SELECT 'reconciles_with_hours', jsonb_build_object('area_id', area_id, 'source_id', source_id, 'production_day', production_day)
FROM days AS d FULL JOIN hours AS h USING (production_day, area_id, source_id)
WHERE (d.entries, d.exits, d.event_count, d.max_occupancy, d.min_occupancy)
    IS DISTINCT FROM (h.entries::bigint, h.exits::bigint, h.event_count::bigint, h.max_occupancy, h.min_occupancy)
    AND NOT EXISTS (
        SELECT FROM occupancy.touched_days AS t
        WHERE t.organization_id = (SELECT warehouse.current_organization()) AND t.level = 'day' AND t.first_day = production_day)
