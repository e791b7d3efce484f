-- Punches of these production days that wait in the exceptions queue.
SELECT employee_id, punched_at, reason FROM attendance.exceptions
WHERE organization_id = (SELECT warehouse.current_organization()) AND kind = 'punch' AND production_day BETWEEN %(first)s AND %(last)s
