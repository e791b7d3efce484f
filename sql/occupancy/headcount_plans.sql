-- Shifts that begin on the calendar days first to last, as instants in the plant's zone; the later assignment wins.
WITH days AS (
    SELECT a.employee_id, d.day::date AS day, a.cycle[1 + (d.day::date - a.first_day) %% cardinality(a.cycle)] AS shift_id,
        a.is_expected, a.first_day, a.assignment_id
    FROM attendance.shift_assignments AS a
    CROSS JOIN LATERAL generate_series(
        greatest(a.first_day, %(first)s::date), least(a.last_day, %(last)s::date), interval '1 day') AS d (day)
    WHERE a.organization_id = (SELECT warehouse.current_organization())
        AND a.first_day <= %(last)s AND (a.last_day IS NULL OR a.last_day >= %(first)s)
), walls AS (
    SELECT shift_id, (segments -> 0 ->> 0)::time AS starts, (segments -> -1 ->> 1)::time AS ends
    FROM attendance.shifts
    WHERE organization_id = (SELECT warehouse.current_organization())
), planned AS (
    SELECT DISTINCT ON (d.employee_id, d.shift_id, d.day) d.employee_id, d.is_expected,
        d.day + w.starts AS starts_at, d.day + w.ends + CASE WHEN w.ends <= w.starts THEN interval '1 day' ELSE interval '0' END AS ends_at
    FROM days AS d JOIN walls AS w USING (shift_id)
    ORDER BY d.employee_id, d.shift_id, d.day, d.first_day DESC, d.assignment_id DESC
)
SELECT employee_id, starts_at AT TIME ZONE %(zone)s AS starts_at, ends_at AT TIME ZONE %(zone)s AS ends_at,
    coalesce(is_expected, extract(isodow FROM starts_at - %(day_start)s::time)::integer - 1 <> ALL (%(rest_weekdays)s::integer[])
        AND (starts_at - %(day_start)s::time)::date <> ALL (%(holidays)s::date[])) AS is_expected
FROM planned
