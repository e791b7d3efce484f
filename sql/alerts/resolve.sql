-- Somebody ends an alert by hand.
UPDATE alerts.alerts
SET status = 'resolved', resolved_at = %(now)s, resolution = 'by_hand'
WHERE
    organization_id = warehouse.current_organization()
    AND alert_id = %(alert_id)s
    AND status IN ('open', 'acknowledged')
