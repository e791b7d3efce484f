-- Lines over the four weeks that end with a day.
SELECT production_day, unit_code, floor_name, line_name, output_pcs, prodn_pcs, eff100, efficiency_pct
FROM production.line_output
WHERE organization_id = warehouse.current_organization() AND production_day BETWEEN %(day)s - 28 AND %(day)s
ORDER BY production_day, unit_code, floor_name, line_name
