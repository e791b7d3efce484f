-- The last pull of a production day, once the efficiency table shows it: while a newer pull is still being computed, none.
-- Targets are added up as numeric: the sum of floats depends on the order in which a plan happens to read them.
SELECT p.pull_id, p.started_at, p.production_day
FROM rtms.pulls AS p
WHERE p.organization_id = warehouse.current_organization() AND p.production_day = %(day)s
    AND (
        SELECT (count(*), sum(prodn_pcs), sum(eff100::numeric)) FROM rtms.session_wise_production
        WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
    ) IS NOT DISTINCT FROM (
        SELECT (count(*), sum(prodn_pcs), sum(eff100::numeric)) FROM production.employee_efficiency
        WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
    )
ORDER BY p.pull_id DESC
LIMIT 1
