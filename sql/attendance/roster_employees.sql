-- The people asked for (NULL: all) who are known.
SELECT employee_id, overtime_rule FROM attendance.employees
WHERE organization_id = (SELECT warehouse.current_organization())
    AND (%(employees)s::text[] IS NULL OR employee_id = ANY(%(employees)s))
