-- Where one alert stands.
SELECT status, resolved_at
FROM alerts.alerts
WHERE organization_id = warehouse.current_organization() AND alert_id = %(alert_id)s
