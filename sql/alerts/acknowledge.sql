-- Somebody has seen an open alert and says so.
UPDATE alerts.alerts
SET status = 'acknowledged', acknowledged_at = %(now)s, acknowledged_by = %(by)s
WHERE organization_id = warehouse.current_organization() AND alert_id = %(alert_id)s AND status = 'open'
