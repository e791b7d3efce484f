-- What is paid in a period: its days' lines, and adjustments booked in it.
SELECT employee_id, production_day, shift_id, shift_start, category, seconds, multiplier, kind, booked_day, reason
FROM attendance.payroll_lines
WHERE organization_id = (SELECT warehouse.current_organization()) AND booked_day BETWEEN %(first)s AND %(last)s
ORDER BY employee_id, production_day, shift_start, category, multiplier, kind DESC, booked_at
