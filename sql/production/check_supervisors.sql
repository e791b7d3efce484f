-- Failures of rtms.supervisors: whom nobody can reach, and which parts nobody answers for.
SELECT 'every_supervisor_has_a_phone' AS check_name, jsonb_build_object(
    'line_name', line_name, 'part_name', part_name, 'supervisor_name', supervisor_name) AS failure
FROM rtms.supervisors
WHERE organization_id = (SELECT warehouse.current_organization()) AND phone_number IS NULL
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
