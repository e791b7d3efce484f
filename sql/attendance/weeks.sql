-- Whole weeks of people, the shifts in order of time, with what payroll needs.
SELECT a.employee_id, s.first_day AS week, a.production_day, a.shift_start, a.shift_id, a.day_type, a.presence_s, a.paid_gap_s, a.regular_s,
    a.overtime_before_s, a.overtime_after_s, a.overtime_daily_s, a.unpaid_break_s, a.unpaid_before_s, a.unpaid_after_s,
    a.unpaid_between_s, a.unpaid_cap_s
FROM staged_weeks AS s JOIN attendance.employee_attendance AS a
    ON a.employee_id = s.employee_id AND a.production_day BETWEEN s.first_day AND s.last_day
WHERE a.organization_id = (SELECT warehouse.current_organization())
ORDER BY a.employee_id, s.first_day, a.shift_start, a.shift_id
