-- Alerts that are not over, newest first, for the camera wall. How fast somebody sews is nobody's business there.
SELECT rule, subject_name, title, status, opened_at
FROM alerts.alerts
WHERE organization_id = warehouse.current_organization() AND status IN ('open', 'acknowledged') AND rule NOT LIKE 'production.%%'
ORDER BY opened_at DESC
LIMIT 12
