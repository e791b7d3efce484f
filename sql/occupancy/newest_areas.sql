-- The area of everybody's newest punch at a terminal that is known.
SELECT DISTINCT ON (p.employee_id) p.employee_id, t.area_id
FROM attendance.punches AS p
JOIN occupancy.terminals AS t
    ON t.organization_id = p.organization_id AND t.source = p.source AND t.device = p.device
WHERE p.organization_id = (SELECT warehouse.current_organization())
    AND p.punched_at > %(since)s AND p.punched_at <= %(until)s
ORDER BY p.employee_id, p.punched_at DESC, t.area_id
