-- Messages with their alerts, newest first.
SELECT
    d.delivery_id, d.kind, d.status, d.recipient_name, right(d.recipient_phone, 3) AS phone_ends_in, d.recipient_problem,
    d.channel, d.attempt_count, d.doubtful, d.provider_message_id, d.provider_status, d.error_code, d.error_text, d.body,
    d.created_at, d.sent_at, d.delivered_at, d.next_attempt_at,
    ARRAY(
        SELECT l.alert_id
        FROM alerts.delivery_alerts AS l
        WHERE l.organization_id = d.organization_id AND l.delivery_id = d.delivery_id
        ORDER BY l.alert_id
    ) AS alert_ids
FROM alerts.alert_deliveries AS d
WHERE
    d.organization_id = warehouse.current_organization()
    AND (%(statuses)s::text [] IS NULL OR d.status = ANY(%(statuses)s))
    AND (NOT %(doubtful_only)s OR d.doubtful)
    AND (%(since)s::timestamptz IS NULL OR d.created_at >= %(since)s)
ORDER BY d.created_at DESC, d.delivery_id DESC
LIMIT %(limit)s
