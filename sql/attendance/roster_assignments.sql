-- Assignments of the people asked for (NULL: all) that touch the days asked for; the later one wins where two name the same shift.
SELECT employee_id, first_day, last_day, cycle, is_expected FROM attendance.shift_assignments
WHERE organization_id = (SELECT warehouse.current_organization())
    AND (%(employees)s::text[] IS NULL OR employee_id = ANY(%(employees)s))
    AND first_day <= %(last)s AND (last_day IS NULL OR last_day >= %(first)s)
ORDER BY employee_id, first_day, assignment_id
