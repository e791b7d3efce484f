-- Takes back an assignment that was a mistake; one that ends is given a last day instead.
DELETE FROM attendance.shift_assignments
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = %(employee_id)s
    AND first_day = %(first_day)s AND cycle = %(cycle)s::text[]
