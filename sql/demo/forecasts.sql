-- Every forecast kept, for comparison with the simulated future.
SELECT made_on, production_day, unit_code, floor_name, line_name, efficiency_pct, lo_80, hi_80, lo_95, hi_95, served_by
FROM production.efficiency_forecast
WHERE organization_id = warehouse.current_organization() AND efficiency_pct IS NOT NULL
