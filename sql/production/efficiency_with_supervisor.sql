-- Everybody's efficiency on a day, with who answers for the line and part. Of several supervisors the first with a phone; a
-- number that RTMS gives for one part of a supervisor's and not for another is the same person's.
WITH reachable AS (
    SELECT s.line_name, s.part_name, s.supervisor_code, s.supervisor_name,
        coalesce(s.phone_number, known.phone_number) AS phone_number
    FROM rtms.supervisors AS s
    LEFT JOIN (
        SELECT supervisor_code, min(phone_number) AS phone_number
        FROM rtms.supervisors
        WHERE organization_id = (SELECT warehouse.current_organization()) AND phone_number IS NOT NULL
        GROUP BY supervisor_code
    ) AS known USING (supervisor_code)
    WHERE s.organization_id = (SELECT warehouse.current_organization())
), responsible AS (
    SELECT DISTINCT ON (line_name, part_name) line_name, part_name, supervisor_name, phone_number
    FROM reachable
    ORDER BY line_name, part_name, phone_number IS NULL, supervisor_code
)
SELECT e.unit_code, e.floor_name, e.line_name, e.style_no, e.part_name, e.new_oper_seq, e.device_id, e.emp_code, e.emp_name,
    e.efficiency_pct, e.relative_efficiency_pct, s.supervisor_name, s.phone_number
FROM production.employee_efficiency AS e
LEFT JOIN responsible AS s USING (line_name, part_name)
WHERE e.organization_id = (SELECT warehouse.current_organization()) AND e.production_day = %(day)s
