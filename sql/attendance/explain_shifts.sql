-- Everything known of one person's production day: its shifts.
SELECT * FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = %(employee_id)s AND production_day = %(day)s
ORDER BY shift_start, shift_id
