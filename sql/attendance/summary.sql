-- Shifts of one person in a range of days.
SELECT production_day, shift_id, shift_start, shift_end, day_type, is_expected, status, is_late, is_early_exit, grace_period_applied,
    flagged_for_review, flags, check_in, check_out, late_s, early_s, presence_s, regular_s
FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = %(employee_id)s
    AND production_day BETWEEN %(first)s AND %(last)s
ORDER BY shift_start, shift_id
