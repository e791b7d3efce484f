-- People who are known, in order of their codes, from behind one on.
SELECT employee_id, employee_name, overtime_rule FROM attendance.employees
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id > %(after)s
ORDER BY employee_id
LIMIT %(limit)s
