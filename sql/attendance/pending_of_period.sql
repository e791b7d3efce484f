-- What stands against freezing a period.
SELECT count(*) AS pending FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s AND status = 'PENDING'
