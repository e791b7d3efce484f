-- Pieces and target of each employee, line, operation and day, for repeat offenders.
SELECT
    production_day, unit_code, floor_name, line_name, new_oper_seq, emp_code, max(emp_name) AS emp_name,
    sum(prodn_pcs)::float8 AS prodn_pcs, sum(eff100) AS eff100
FROM production.employee_efficiency
WHERE
    organization_id = warehouse.current_organization()
    AND production_day BETWEEN %(first)s AND %(last)s
    AND emp_code IS NOT NULL
    AND eff100 > 0
GROUP BY production_day, unit_code, floor_name, line_name, new_oper_seq, emp_code
