-- Failures of occupancy.occupancy_monthly, for the months of the days asked for.
WITH months AS (
    SELECT * FROM occupancy.occupancy_monthly
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND month BETWEEN date_trunc('month', %(first)s::date) AND date_trunc('month', %(last)s::date)
), days AS (
    SELECT date_trunc('month', production_day)::date AS month, area_id, source_id, sum(entries) AS entries, sum(exits) AS exits,
        sum(event_count) AS event_count, max(max_occupancy) AS max_occupancy, min(min_occupancy) AS min_occupancy
    FROM occupancy.occupancy_daily
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND production_day >= date_trunc('month', %(first)s::date)
        AND production_day < date_trunc('month', %(last)s::date) + interval '1 month'
    GROUP BY 1, area_id, source_id
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'area_id', area_id, 'source_id', source_id, 'month', month, 'avg', avg_occupancy) AS failure
FROM months
WHERE avg_occupancy < min_occupancy - 1e-6 OR avg_occupancy > max_occupancy + 1e-6 OR observed_days > 31
    OR (avg_occupancy IS NULL) <> (max_occupancy IS NULL)
UNION ALL
SELECT 'reconciles_with_days', jsonb_build_object('area_id', area_id, 'source_id', source_id, 'month', month)
FROM months AS m FULL JOIN days AS d USING (month, area_id, source_id)
WHERE (m.entries, m.exits, m.event_count, m.max_occupancy, m.min_occupancy)
    IS DISTINCT FROM (d.entries::bigint, d.exits::bigint, d.event_count::bigint, d.max_occupancy, d.min_occupancy)
    AND NOT EXISTS (
        SELECT FROM occupancy.touched_days AS t
        WHERE t.organization_id = (SELECT warehouse.current_organization())
            AND ((t.level = 'month' AND t.first_day = month) OR (t.level = 'day' AND date_trunc('month', t.first_day) = month)))
