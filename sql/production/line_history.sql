-- Daily efficiency of each line over the last 400 days, for the forecast.
SELECT production_day, unit_code, floor_name, line_name, efficiency_pct, eff100
FROM production.line_output
WHERE organization_id = warehouse.current_organization()
    AND production_day BETWEEN %(made_on)s::date - 400 AND %(made_on)s::date
ORDER BY unit_code, floor_name, line_name, production_day
