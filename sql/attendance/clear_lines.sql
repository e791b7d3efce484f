-- Makes room for the staged weeks, but for what is frozen.
DELETE FROM attendance.payroll_lines AS l USING staged_weeks AS s
WHERE l.organization_id = (SELECT warehouse.current_organization()) AND l.kind = 'line'
    AND l.employee_id = s.employee_id AND l.production_day BETWEEN s.first_day AND s.last_day
    AND NOT EXISTS (SELECT FROM attendance.payroll_periods AS p WHERE p.organization_id = l.organization_id
        AND l.production_day BETWEEN p.first_day AND p.last_day)
