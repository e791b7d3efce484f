-- The punches of one person's production day, with what each was.
SELECT l.punched_at, p.direction, l.source, l.device, l.role, l.reason, l.shift_start, l.shift_id, p.ingested_at
FROM attendance.punch_ledger AS l JOIN attendance.punches AS p USING (organization_id, employee_id, punched_at, source, device)
WHERE l.organization_id = (SELECT warehouse.current_organization()) AND l.employee_id = %(employee_id)s AND l.production_day = %(day)s
ORDER BY l.punched_at, l.source, l.device
