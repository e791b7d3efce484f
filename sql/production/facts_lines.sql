-- The lines of a day and of the fortnight before it.
SELECT production_day, unit_code, floor_name, line_name, prodn_pcs, eff100, efficiency_pct
FROM production.line_output
WHERE organization_id = warehouse.current_organization() AND production_day BETWEEN %(day)s::date - 14 AND %(day)s::date
