-- What an incident complained of is over.
UPDATE alerts.alerts
SET status = 'resolved', resolved_at = %(now)s, resolution = 'incident_over'
WHERE
    organization_id = warehouse.current_organization()
    AND stream = %(stream)s
    AND rule = %(rule)s
    AND subject = %(subject)s
    AND status <> 'resolved'
RETURNING alert_id
