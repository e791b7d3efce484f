-- How far the demo got: the last day pulled, when, and whether the insights (made last) have been there once.
SELECT
    (SELECT max(production_day) FROM rtms.pulls WHERE organization_id = warehouse.current_organization()) AS last_day,
    (SELECT max(started_at) FROM rtms.pulls WHERE organization_id = warehouse.current_organization()) AS last_pull_at,
    EXISTS (
        SELECT FROM production.insights WHERE organization_id = warehouse.current_organization()
    ) AS complete
