-- Streams of pulls with something going on; platform incidents belong to no production day.
SELECT DISTINCT stream
FROM alerts.alerts
WHERE organization_id = warehouse.current_organization() AND status <> 'resolved' AND production_day IS NOT NULL
ORDER BY stream
