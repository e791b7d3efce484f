-- Everybody who may have something on these days: known people, and whoever punched.
SELECT employee_id FROM attendance.employees WHERE organization_id = (SELECT warehouse.current_organization())
UNION
SELECT employee_id FROM attendance.punches
WHERE organization_id = (SELECT warehouse.current_organization()) AND punched_at >= %(punched_from)s AND punched_at < %(punched_to)s
UNION
SELECT employee_id FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
