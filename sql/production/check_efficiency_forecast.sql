-- Failures of the newest forecast in production.efficiency_forecast.
WITH forecast AS (
    SELECT * FROM production.efficiency_forecast
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND made_on = (
            SELECT max(made_on) FROM production.efficiency_forecast
            WHERE organization_id = (SELECT warehouse.current_organization())
        )
), lines AS (
    SELECT DISTINCT unit_code, floor_name, line_name
    FROM production.line_output
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND production_day BETWEEN (SELECT max(made_on) FROM forecast) - 14 AND (SELECT max(made_on) FROM forecast)
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'line_name', line_name, 'production_day', production_day, 'efficiency_pct', efficiency_pct, 'lo_80', lo_80,
    'hi_80', hi_80, 'lo_95', lo_95, 'hi_95', hi_95) AS failure
FROM forecast
WHERE efficiency_pct < 0 OR lo_95 < 0 OR production_day <= made_on OR horizon NOT BETWEEN 1 AND 7
    OR NOT (lo_95 <= lo_80 AND lo_80 <= efficiency_pct AND efficiency_pct <= hi_80 AND hi_80 <= hi_95)
UNION ALL
SELECT 'seven_days_each', jsonb_build_object('line_name', lines.line_name, 'days', count(DISTINCT production_day))
FROM lines LEFT JOIN forecast USING (unit_code, floor_name, line_name)
GROUP BY unit_code, floor_name, lines.line_name
HAVING count(DISTINCT production_day) <> 7
UNION ALL
SELECT 'every_day_is_known', jsonb_build_object('line_name', line_name, 'production_day', production_day)
FROM forecast
WHERE efficiency_pct IS NULL
