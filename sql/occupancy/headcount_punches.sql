-- Punches between two moments, with the area their terminal leads into and the door beside it, where somebody has said.
SELECT p.employee_id, p.punched_at, p.direction, p.source, p.device, t.area_id, t.door_id
FROM attendance.punches AS p
LEFT JOIN occupancy.terminals AS t
    ON t.organization_id = p.organization_id AND t.source = p.source AND t.device = p.device
WHERE p.organization_id = (SELECT warehouse.current_organization())
    AND p.punched_at > %(since)s AND p.punched_at <= %(until)s
