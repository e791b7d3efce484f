-- Alerts about employees opened since a day, with the moment at which each was opened.
SELECT production_day, subject, opened_at
FROM alerts.alerts
WHERE organization_id = warehouse.current_organization() AND rule = %(rule)s AND opened_at IS NOT NULL
    AND production_day >= %(since)s
