-- Judged before their sources had reported, and due to be judged again now.
SELECT DISTINCT employee_id, production_day AS day FROM attendance.employee_attendance
WHERE organization_id = (SELECT warehouse.current_organization())
    AND ((status = 'PENDING' AND shift_end <= %(reported_until)s) OR
        (check_in IS NOT NULL AND check_out IS NULL AND NOT ('missing_out' = ANY(flags))))
