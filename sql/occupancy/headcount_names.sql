-- Names of everybody on the rolls.
SELECT employee_id, employee_name FROM attendance.employees
WHERE organization_id = (SELECT warehouse.current_organization())
