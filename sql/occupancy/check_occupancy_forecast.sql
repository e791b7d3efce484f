-- Failures of occupancy.occupancy_forecast.
SELECT 'made_of_the_past' AS check_name, jsonb_build_object('area_id', area_id, 'hour_start', hour_start, 'history_days', history_days) AS failure
FROM occupancy.occupancy_forecast
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND (history_days > 120 OR abs(likely_entries - expected_entries) > 1 OR abs(likely_exits - expected_exits) > 1)
UNION ALL
SELECT 'is_near', jsonb_build_object('area_id', area_id, 'production_day', production_day, 'error_people', error, 'usual_people', usual)
FROM (
    SELECT f.area_id, f.production_day, count(*) AS hours,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.entries - f.likely_entries)) AS error,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.entries) AS usual
    FROM occupancy.occupancy_forecast AS f JOIN occupancy.occupancy_hourly AS h USING (organization_id, area_id, hour_start)
    WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.production_day BETWEEN %(first)s AND %(last)s
        AND h.source_id = '' AND h.entries IS NOT NULL AND f.hour_end <= %(now)s
    GROUP BY f.area_id, f.production_day
) AS days
WHERE hours >= 8 AND error > usual / 2 + 2
