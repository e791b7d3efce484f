-- Makes room for the staged stretches.
DELETE FROM attendance.punch_ledger AS l USING stretches AS s
WHERE l.organization_id = (SELECT warehouse.current_organization())
    AND l.employee_id = s.employee_id AND l.production_day BETWEEN s.first_day AND s.last_day
