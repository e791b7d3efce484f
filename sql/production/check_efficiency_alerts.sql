-- Failures of production/efficiency_alerts: the day's newest pull that no decision has followed, and breaches that reach nobody.
WITH newest AS (
    SELECT pull_id, production_day, finished_at
    FROM rtms.pulls
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day = %(last)s
    ORDER BY pull_id DESC
    LIMIT 1
)
SELECT 'latest_pull_decided_upon' AS check_name, jsonb_build_object(
    'production_day', production_day, 'pull_id', pull_id, 'finished_at', finished_at) AS failure
FROM newest
WHERE finished_at < %(now)s - interval '15 minutes' -- the efficiency table comes first
    AND NOT EXISTS (
        SELECT FROM alerts.evaluations
        WHERE organization_id = (SELECT warehouse.current_organization())
            AND production_day = newest.production_day AND pull_id >= newest.pull_id
    )
UNION ALL
SELECT 'breaches_reach_somebody', jsonb_build_object(
    'production_day', production_day, 'pull_id', pull_id, 'messages_without_a_phone', unaddressed_count)
FROM (
    SELECT DISTINCT ON (production_day) production_day, pull_id, unaddressed_count
    FROM alerts.evaluations
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    ORDER BY production_day, pull_id DESC
) AS decided
WHERE unaddressed_count > 0
