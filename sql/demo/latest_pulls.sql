-- When each production day was last pulled from the simulated factory.
SELECT DISTINCT ON (production_day) production_day, started_at
FROM rtms.pulls
WHERE organization_id = warehouse.current_organization() AND source = 'demo'
ORDER BY production_day, pull_id DESC
