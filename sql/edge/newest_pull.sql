-- The newest pull of the newest production day.
SELECT pull_id, production_day, source, started_at, finished_at, rows_read, rows_accepted, rows_refused
FROM rtms.pulls
WHERE organization_id = warehouse.current_organization()
ORDER BY production_day DESC, pull_id DESC
LIMIT 1
