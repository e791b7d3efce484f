-- Makes room for the staged stretches.
DELETE FROM attendance.employee_attendance AS a USING stretches AS s
WHERE a.organization_id = (SELECT warehouse.current_organization())
    AND a.employee_id = s.employee_id AND a.production_day BETWEEN s.first_day AND s.last_day
