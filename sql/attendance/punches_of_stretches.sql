-- Punches that may belong to the staged stretches, and some around them.
SELECT s.first_day, p.employee_id, p.punched_at, p.direction, p.source, p.device
FROM stretches AS s JOIN attendance.punches AS p
    ON p.employee_id = s.employee_id AND p.punched_at >= s.punched_from AND p.punched_at < s.punched_to
WHERE p.organization_id = (SELECT warehouse.current_organization())
