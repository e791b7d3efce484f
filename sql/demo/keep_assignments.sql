-- Assignments of simulated employees that are not there yet, by person and first day.
INSERT INTO attendance.shift_assignments (employee_id, first_day, last_day, cycle, is_expected)
SELECT given.employee_id, given.first_day, given.last_day,
    ARRAY(SELECT shift_id FROM jsonb_array_elements_text(given.cycle) WITH ORDINALITY AS days (shift_id, n) ORDER BY n),
    given.is_expected
FROM jsonb_to_recordset(%(rows)s) AS given (employee_id text, first_day date, last_day date, cycle jsonb, is_expected boolean)
WHERE NOT EXISTS (
    SELECT FROM attendance.shift_assignments AS known
    WHERE known.organization_id = (SELECT warehouse.current_organization())
        AND known.employee_id = given.employee_id AND known.first_day = given.first_day)
