-- Only forward: delivered follows sent, and a failure ends what was sent but not what was delivered.
UPDATE alerts.alert_deliveries
SET
    status = CASE WHEN status = 'delivered' THEN status ELSE %(status)s END,
    provider_status = %(provider_status)s,
    provider_message_id = CASE WHEN %(status)s = 'queued' THEN NULL ELSE provider_message_id END,
    error_code = coalesce(%(error_code)s, error_code),
    error_text = coalesce(%(error_text)s, error_text),
    next_attempt_at = CASE WHEN %(status)s = 'queued' THEN %(next_attempt_at)s ELSE next_attempt_at END,
    next_status_at = CASE WHEN %(status)s = 'sent' THEN next_status_at END,
    delivered_at = CASE WHEN %(status)s = 'delivered' THEN coalesce(delivered_at, %(now)s) ELSE delivered_at END,
    updated_at = %(now)s
WHERE
    organization_id = warehouse.current_organization()
    AND delivery_id = %(delivery_id)s
    AND (status = 'sent' OR (status = 'delivered' AND %(status)s = 'delivered'))
RETURNING delivery_id
