-- The newest pull of a stream that has been decided upon.
SELECT pull_id, pulled_at, production_day, stream
FROM alerts.evaluations
WHERE organization_id = warehouse.current_organization() AND stream = %(stream)s
ORDER BY pull_id DESC
LIMIT 1
