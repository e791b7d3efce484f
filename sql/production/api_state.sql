-- What the API would read for a day right now: the newest pull, and which versions of the tables computed from it.
-- A table's slice is always replaced whole in one transaction, so that the transaction that wrote any row of it (xmin) names the version.
SELECT
    asked.production_day,
    newest.pull_id,
    newest.finished_at AS pulled_at,
    newest.source,
    asked.newest_day,
    (
        SELECT e.xmin::text FROM production.employee_efficiency AS e
        WHERE e.organization_id = warehouse.current_organization() AND e.production_day = asked.production_day
        LIMIT 1
    ) AS employees_version,
    (
        SELECT b.xmin::text FROM production.operation_benchmark AS b
        WHERE b.organization_id = warehouse.current_organization() AND b.production_day = asked.production_day
        LIMIT 1
    ) AS benchmarks_version,
    (
        SELECT i.xmin::text FROM production.insights AS i
        WHERE i.organization_id = warehouse.current_organization() AND i.production_day = asked.production_day
        LIMIT 1
    ) AS insights_version
FROM (
    SELECT coalesce(%(day)s::date, newest_day) AS production_day, newest_day
    FROM (
        SELECT max(production_day) AS newest_day FROM rtms.pulls
        WHERE organization_id = warehouse.current_organization()
    ) AS days
) AS asked
LEFT JOIN LATERAL (
    SELECT p.pull_id, p.finished_at, p.source FROM rtms.pulls AS p
    WHERE p.organization_id = warehouse.current_organization() AND p.production_day = asked.production_day
    ORDER BY p.pull_id DESC
    LIMIT 1
) AS newest ON true
