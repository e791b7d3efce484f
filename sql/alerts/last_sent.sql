-- When a message about each subject was last written, for the seed's limit; resolved alerts count too.
SELECT rule, subject, max(last_message_at) AS at
FROM alerts.alerts
WHERE
    organization_id = warehouse.current_organization()
    AND stream = %(stream)s
    AND last_message_at > %(after)s
GROUP BY rule, subject
