-- What attendance says of every shift of these production days.
SELECT production_day, employee_id, shift_id, status, is_late, is_early_exit, flagged_for_review,
    regular_s + overtime_before_s + overtime_after_s + overtime_daily_s AS our_paid_s
FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
