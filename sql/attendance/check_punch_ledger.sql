-- Failures of attendance.punch_ledger. A punch may belong to a shift that began up to two days away, so both sides look that far.
-- Days that wait for their recomputation are left out: their punches are newer than the ledger.
WITH punches AS (
    SELECT employee_id, punched_at, source, device FROM attendance.punches AS p
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND punched_at >= %(first)s::date AND punched_at < %(last)s::date + 1
        AND NOT EXISTS (SELECT FROM attendance.touched_days AS t
            WHERE t.organization_id = p.organization_id AND t.employee_id = p.employee_id
                AND p.punched_at BETWEEN t.day - 3 AND t.day + 4)
), entries AS (
    SELECT employee_id, punched_at, source, device, count(*) AS times FROM attendance.punch_ledger
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND production_day BETWEEN %(first)s::date - 3 AND %(last)s::date + 3
    GROUP BY employee_id, punched_at, source, device
), roles AS (
    SELECT production_day, employee_id, shift_start, shift_id, count(*) AS punches FROM attendance.punch_ledger
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, employee_id, shift_start, shift_id
)
SELECT 'every_punch_once' AS check_name, jsonb_build_object(
    'employee_id', employee_id, 'punched_at', punched_at, 'source', source, 'times', coalesce(times, 0)) AS failure
FROM punches LEFT JOIN entries USING (employee_id, punched_at, source, device)
WHERE times IS DISTINCT FROM 1
UNION ALL
SELECT 'roles_reconcile', jsonb_build_object(
    'production_day', a.production_day, 'employee_id', a.employee_id, 'shift_id', a.shift_id, 'punch_count', a.punch_count, 'ledger', r.punches)
FROM attendance.employee_attendance AS a
    LEFT JOIN roles AS r USING (production_day, employee_id, shift_start, shift_id)
WHERE a.organization_id = (SELECT warehouse.current_organization()) AND a.production_day BETWEEN %(first)s AND %(last)s
    AND a.punch_count <> coalesce(r.punches, 0)
UNION ALL
SELECT 'no_exceptions', jsonb_build_object('employee_id', employee_id, 'punched_at', punched_at, 'source', source, 'reason', reason)
FROM attendance.punch_ledger
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s AND role = 'exception'
