-- Failures of attendance.punch_ledger. A punch may belong to a shift that began up to two days away, so both sides look that far.
-- Days that wait for their recomputation are left out: their punches are newer than the ledger. Both sides are laid on one heap and
-- counted, not joined: right after a backfill the planner knows no sizes and would join them row by row.
WITH sides AS (
    SELECT employee_id, punched_at, source, device, 1 AS punches, 0 AS entries FROM attendance.punches AS p
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND punched_at >= %(first)s::date AND punched_at < %(last)s::date + 1
        AND NOT EXISTS (SELECT FROM attendance.touched_days AS t
            WHERE t.organization_id = p.organization_id AND t.employee_id = p.employee_id
                AND p.punched_at BETWEEN t.day - 3 AND t.day + 4)
    UNION ALL
    SELECT employee_id, punched_at, source, device, 0, 1 FROM attendance.punch_ledger
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND production_day BETWEEN %(first)s::date - 3 AND %(last)s::date + 3
), shifts AS (
    SELECT production_day, employee_id, shift_start, shift_id, punch_count, 0 AS entries, 1 AS shifts
    FROM attendance.employee_attendance
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT production_day, employee_id, shift_start, shift_id, 0, 1, 0 FROM attendance.punch_ledger
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
        AND shift_id IS NOT NULL
)
SELECT 'every_punch_once' AS check_name, jsonb_build_object(
    'employee_id', employee_id, 'punched_at', punched_at, 'source', source, 'times', sum(entries)) AS failure
FROM sides
GROUP BY employee_id, punched_at, source, device
HAVING sum(punches) > 0 AND sum(entries) <> 1
UNION ALL
SELECT 'roles_reconcile', jsonb_build_object(
    'production_day', production_day, 'employee_id', employee_id, 'shift_id', shift_id, 'punch_count', sum(punch_count), 'ledger', sum(entries))
FROM shifts
GROUP BY production_day, employee_id, shift_start, shift_id
HAVING sum(shifts) > 0 AND sum(punch_count) <> sum(entries)
UNION ALL
SELECT 'no_exceptions', jsonb_build_object('employee_id', employee_id, 'punched_at', punched_at, 'source', source, 'reason', reason)
FROM attendance.punch_ledger
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s AND role = 'exception'
