-- Failures of attendance.payroll_lines. Only a weekly cap may leave overtime unpaid,
-- so that a shift then pays less than was worked; never more.
WITH paid AS (
    SELECT production_day, employee_id, shift_start, shift_id, sum(seconds) AS seconds FROM attendance.payroll_lines
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, employee_id, shift_start, shift_id
), worked AS (
    SELECT production_day, employee_id, shift_start, shift_id,
        regular_s + overtime_before_s + overtime_after_s + overtime_daily_s AS seconds
    FROM attendance.employee_attendance
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT 'pays_what_was_worked' AS check_name, jsonb_build_object(
    'production_day', production_day, 'employee_id', employee_id, 'shift_id', shift_id, 'paid_s', paid.seconds, 'worked_s', worked.seconds) AS failure
FROM paid FULL JOIN worked USING (production_day, employee_id, shift_start, shift_id)
WHERE coalesce(paid.seconds, 0) > coalesce(worked.seconds, 0)
    OR (coalesce(paid.seconds, 0) < coalesce(worked.seconds, 0) AND NOT EXISTS (
        SELECT FROM attendance.overtime_rules WHERE organization_id = (SELECT warehouse.current_organization()) AND definition ? 'weekly_cap_min'))
UNION ALL
SELECT 'lines_unique', jsonb_build_object(
    'production_day', production_day, 'employee_id', employee_id, 'shift_id', shift_id, 'category', category, 'lines', count(*))
FROM attendance.payroll_lines
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s AND kind = 'line'
GROUP BY production_day, employee_id, shift_start, shift_id, category, multiplier
HAVING count(*) > 1
