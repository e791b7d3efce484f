-- The attempt says what happened. The delivery moves while no later attempt has begun; and a message that was taken after
-- all ends the waiting for another attempt, whatever came in between.
WITH attempt AS (
    UPDATE alerts.delivery_attempts
    SET
        finished_at = %(at)s, outcome = %(outcome)s, channel = %(channel)s, provider_message_id = %(provider_message_id)s,
        error_code = %(error_code)s, error_text = %(error_text)s
    WHERE organization_id = warehouse.current_organization() AND attempt_id = %(attempt_id)s
)

UPDATE alerts.alert_deliveries
SET
    status = %(status)s,
    lease_until = NULL,
    doubtful = doubtful OR %(doubtful)s,
    needs_lookup = %(needs_lookup)s,
    channel = %(channel)s,
    provider_message_id = %(provider_message_id)s,
    provider_status = %(provider_status)s,
    error_code = %(error_code)s,
    error_text = %(error_text)s,
    next_attempt_at = coalesce(%(next_attempt_at)s, next_attempt_at),
    next_status_at = %(next_status_at)s,
    sent_at = CASE WHEN %(status)s IN ('sent', 'delivered') THEN coalesce(sent_at, %(at)s) ELSE sent_at END,
    delivered_at = CASE WHEN %(status)s = 'delivered' THEN %(at)s END,
    updated_at = %(at)s
WHERE
    organization_id = warehouse.current_organization()
    AND delivery_id = %(delivery_id)s
    AND (
        (attempt_count = %(attempt_no)s AND status IN ('sending', 'queued'))
        OR (status IN ('queued', 'dead') AND %(status)s IN ('sent', 'delivered'))
    )
