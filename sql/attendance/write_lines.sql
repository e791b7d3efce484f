-- The staged lines of days that are not frozen.
INSERT INTO attendance.payroll_lines (booked_day, production_day, employee_id, shift_start, shift_id, category, multiplier, seconds, kind)
SELECT production_day, production_day, employee_id, shift_start, shift_id, category, multiplier, seconds, 'line'
FROM staged_lines AS l
WHERE NOT EXISTS (SELECT FROM attendance.payroll_periods AS p WHERE p.organization_id = (SELECT warehouse.current_organization())
    AND l.production_day BETWEEN p.first_day AND p.last_day)
