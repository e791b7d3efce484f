-- Failures of rtms.supervisors: parts whose supervisors nobody can reach, and parts nobody answers for.
WITH people AS ( -- a number that RTMS gives for one of a supervisor's parts is good for all of them
    SELECT supervisor_code, bool_or(phone_number IS NOT NULL) AS is_reachable
    FROM rtms.supervisors
    WHERE organization_id = (SELECT warehouse.current_organization())
    GROUP BY supervisor_code
), answered AS (
    SELECT line_name, part_name, bool_or(is_reachable) AS is_reachable, string_agg(supervisor_name, ', ') AS supervisors
    FROM rtms.supervisors JOIN people USING (supervisor_code)
    WHERE organization_id = (SELECT warehouse.current_organization())
    GROUP BY line_name, part_name
)
SELECT 'supervisors_can_be_reached' AS check_name, jsonb_build_object(
    'line_name', line_name, 'part_name', part_name, 'supervisors', supervisors) AS failure
FROM answered
WHERE NOT is_reachable AND (SELECT avg(is_reachable::int) < 0.9 FROM answered)
UNION ALL
SELECT 'every_part_has_a_supervisor', jsonb_build_object('line_name', line_name, 'part_name', part_name)
FROM (
    SELECT DISTINCT line_name, part_name
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND production_day >= (
            SELECT max(production_day) FROM rtms.pulls WHERE organization_id = (SELECT warehouse.current_organization())
        ) - 7
) AS parts
WHERE NOT EXISTS (
    SELECT FROM rtms.supervisors AS s
    WHERE s.organization_id = (SELECT warehouse.current_organization())
        AND s.line_name = parts.line_name AND s.part_name = parts.part_name
)
UNION ALL
SELECT 'somebody_supervises', jsonb_build_object('supervisors', 0)
WHERE NOT EXISTS (SELECT FROM rtms.supervisors WHERE organization_id = (SELECT warehouse.current_organization()))
