-- For frozen days: what should be paid, less what the lines and earlier adjustments pay, as lines of their own on the first open day.
WITH frozen AS (
    SELECT first_day, last_day FROM attendance.payroll_periods WHERE organization_id = (SELECT warehouse.current_organization())
), wanted AS (
    SELECT production_day, employee_id, shift_start, shift_id, category, multiplier, seconds FROM staged_lines
), booked AS (
    SELECT l.production_day, l.employee_id, l.shift_start, l.shift_id, l.category, l.multiplier, sum(l.seconds) AS seconds
    FROM staged_weeks AS s JOIN attendance.payroll_lines AS l
        ON l.employee_id = s.employee_id AND l.production_day BETWEEN s.first_day AND s.last_day
    WHERE l.organization_id = (SELECT warehouse.current_organization())
    GROUP BY l.production_day, l.employee_id, l.shift_start, l.shift_id, l.category, l.multiplier
), difference AS (
    SELECT production_day, employee_id, shift_start, shift_id, category, multiplier,
        coalesce(wanted.seconds, 0) - coalesce(booked.seconds, 0) AS seconds
    FROM wanted FULL JOIN booked USING (production_day, employee_id, shift_start, shift_id, category, multiplier)
)
INSERT INTO attendance.payroll_lines
    (booked_day, production_day, employee_id, shift_start, shift_id, category, multiplier, seconds, kind, booked_at, reason)
SELECT (SELECT max(last_day) + 1 FROM frozen), production_day, employee_id, shift_start, shift_id, category, multiplier, seconds,
    'adjustment', %(now)s, 'recomputed after its period was frozen'
FROM difference AS d
WHERE seconds <> 0 AND EXISTS (SELECT FROM frozen WHERE d.production_day BETWEEN frozen.first_day AND frozen.last_day)
