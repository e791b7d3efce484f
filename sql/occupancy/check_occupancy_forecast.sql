-- Failures of occupancy.occupancy_forecast.
SELECT 'made_of_the_past' AS check_name, jsonb_build_object('area_id', area_id, 'hour_start', hour_start, 'history_days', history_days) AS failure
FROM occupancy.occupancy_forecast
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND (history_days > 120 OR abs(likely_entries - expected_entries) > 1 OR abs(likely_exits - expected_exits) > 1)
UNION ALL
SELECT 'is_near', jsonb_build_object('area_id', f.area_id, 'production_day', f.production_day, 'error_people',
    avg(abs(h.entries - f.likely_entries)), 'usual_people', avg(h.entries))
FROM occupancy.occupancy_forecast AS f JOIN occupancy.occupancy_hourly AS h
    USING (organization_id, area_id, hour_start)
WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.production_day BETWEEN %(first)s AND %(last)s
    AND h.source_id = '' AND h.entries IS NOT NULL AND f.hour_end <= %(now)s
GROUP BY f.area_id, f.production_day
HAVING count(*) >= 8 AND avg(abs(h.entries - f.likely_entries)) > avg(h.entries) / 2 + 2
