-- What one person's production day pays.
SELECT shift_start, shift_id, category, multiplier, seconds, kind, booked_day, reason FROM attendance.payroll_lines
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = %(employee_id)s AND production_day = %(day)s
ORDER BY shift_start, shift_id, kind DESC, category, booked_at
