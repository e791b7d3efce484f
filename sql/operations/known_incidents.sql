-- The latest alert of each incident of the platform: open, or seen since a time.
SELECT DISTINCT ON (rule, subject) rule, subject, status <> 'resolved' AS is_open, last_seen_at
FROM alerts.alerts
WHERE
    organization_id = warehouse.current_organization()
    AND stream = 'platform'
    AND rule = ANY(%(rules)s)
    AND (status <> 'resolved' OR last_seen_at >= %(since)s)
ORDER BY rule, subject, alert_id DESC
