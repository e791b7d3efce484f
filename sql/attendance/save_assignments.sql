-- Assignments as HR gives them; one of the same person, first day and cycle is replaced.
INSERT INTO attendance.shift_assignments AS known (employee_id, first_day, last_day, cycle, is_expected)
SELECT employee_id, first_day, last_day, cycle, is_expected
FROM jsonb_to_recordset(%(rows)s)
    AS given (employee_id text, first_day date, last_day date, cycle text[], is_expected boolean)
ON CONFLICT (organization_id, employee_id, first_day, cycle) DO UPDATE
    SET last_day = excluded.last_day, is_expected = excluded.is_expected
    WHERE (known.last_day, known.is_expected) IS DISTINCT FROM (excluded.last_day, excluded.is_expected)
