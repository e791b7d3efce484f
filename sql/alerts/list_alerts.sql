-- Alerts as operators and the API see them, the newest first.
SELECT
    a.alert_id, a.rule, a.subject, a.subject_name, a.status, a.production_day, a.place, a.value, a.threshold,
    a.recipient_name, a.title, a.body, a.occurrences, a.first_seen_at, a.last_seen_at, a.opened_at, a.acknowledged_at,
    a.acknowledged_by, a.escalated_at, a.resolved_at, a.resolution, jsonb_array_length(a.breaches) AS operations,
    (
        SELECT count(*)
        FROM alerts.delivery_alerts AS l
        WHERE l.organization_id = a.organization_id AND l.alert_id = a.alert_id
    ) AS message_count
FROM alerts.alerts AS a
WHERE
    a.organization_id = warehouse.current_organization()
    AND a.status = ANY(%(statuses)s)
    AND (%(rule)s::text IS NULL OR a.rule = %(rule)s)
    AND (%(production_day)s::date IS NULL OR a.production_day = %(production_day)s)
    AND (%(since)s::timestamptz IS NULL OR a.opened_at >= %(since)s)
    AND a.place @> %(place)s
ORDER BY a.opened_at DESC, a.alert_id DESC
LIMIT %(limit)s
