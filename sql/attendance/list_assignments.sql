-- Who works which shifts; of everybody or of one person, in order of person and first day, from behind a person on.
SELECT employee_id, first_day, last_day, cycle, is_expected FROM attendance.shift_assignments
WHERE organization_id = (SELECT warehouse.current_organization())
    AND (%(employee_id)s::text IS NULL OR employee_id = %(employee_id)s) AND employee_id > %(after)s
ORDER BY employee_id, first_day, assignment_id
LIMIT %(limit)s
