-- Failures of attendance.employee_attendance.
WITH days AS (
    SELECT * FROM attendance.employee_attendance
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT 'minutes_conserved' AS check_name, jsonb_build_object(
    'production_day', production_day, 'employee_id', employee_id, 'shift_id', shift_id, 'presence_s', presence_s) AS failure
FROM days
WHERE presence_s + paid_gap_s <> regular_s + overtime_before_s + overtime_after_s + overtime_daily_s + unpaid_break_s + unpaid_before_s
    + unpaid_after_s + unpaid_between_s + unpaid_cap_s
UNION ALL
SELECT 'values_in_range', jsonb_build_object(
    'production_day', production_day, 'employee_id', employee_id, 'shift_id', shift_id, 'status', status)
FROM days
WHERE least(presence_s, paid_gap_s, regular_s, overtime_before_s, overtime_after_s, overtime_daily_s, unpaid_break_s, unpaid_before_s,
        unpaid_after_s, unpaid_between_s, unpaid_cap_s, late_s, early_s) < 0
    OR check_out <= check_in
    OR presence_s > 172800
    OR (status = 'LATE' AND is_late IS NOT TRUE)
    OR (status = 'ABSENT' AND (punch_count > 0 OR NOT is_expected))
    OR flagged_for_review <> (cardinality(flags) > 0)
UNION ALL
SELECT 'sources_report', jsonb_build_object('source', source, 'watermark', watermark)
FROM attendance.sources
WHERE organization_id = (SELECT warehouse.current_organization()) AND is_required AND watermark < (
    SELECT max(watermark) FROM attendance.sources WHERE organization_id = (SELECT warehouse.current_organization())) - interval '1 day'
