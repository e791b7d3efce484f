-- Alerts that are over are resolved; what never became an alert is forgotten. Says which alerts were resolved.
WITH closed AS (
    SELECT c.rule, c.subject, c.resolution
    FROM jsonb_to_recordset(%(closed)s) AS c (rule text, subject text, resolution text)
),

forgotten AS (
    DELETE FROM alerts.alerts AS a
    USING closed AS c
    WHERE
        a.organization_id = warehouse.current_organization()
        AND a.stream = %(stream)s
        AND a.status = 'pending'
        AND a.rule = c.rule
        AND a.subject = c.subject
)

UPDATE alerts.alerts AS a
SET status = 'resolved', resolved_at = %(at)s, resolution = c.resolution
FROM closed AS c
WHERE
    a.organization_id = warehouse.current_organization()
    AND a.stream = %(stream)s
    AND a.status IN ('open', 'acknowledged')
    AND a.rule = c.rule
    AND a.subject = c.subject
RETURNING a.alert_id, a.resolution
