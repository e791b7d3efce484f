-- Everybody of a day, once a line: sums over sums over their operations and devices.
SELECT line_name, emp_code, emp_name, efficiency_pct, production.band(efficiency_pct) AS band
FROM (
    SELECT line_name, emp_code, max(emp_name) AS emp_name,
        100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS efficiency_pct
    FROM production.employee_efficiency
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
    GROUP BY unit_code, floor_name, line_name, emp_code, CASE WHEN emp_code IS NULL THEN device_id END
) AS people
