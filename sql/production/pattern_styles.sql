-- Pieces and target of each line, style and day, for changeovers.
SELECT
    production_day, unit_code, floor_name, line_name, style_no,
    sum(prodn_pcs)::float8 AS prodn_pcs, sum(eff100) AS eff100
FROM production.employee_efficiency
WHERE
    organization_id = warehouse.current_organization()
    AND production_day BETWEEN %(first)s AND %(last)s
    AND eff100 > 0
GROUP BY production_day, unit_code, floor_name, line_name, style_no
