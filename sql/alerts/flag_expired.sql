-- Attempts whose lease ran out without a result: nobody knows whether they were sent.
WITH expired AS (
    SELECT delivery_id, attempt_count - attempts_allowed_from >= %(max_attempts)s AS is_last
    FROM alerts.alert_deliveries
    WHERE organization_id = warehouse.current_organization() AND status = 'sending' AND lease_until <= %(now)s
    FOR UPDATE SKIP LOCKED
),

given_up AS (
    UPDATE alerts.delivery_attempts AS a
    SET
        finished_at = %(now)s, outcome = 'doubtful', error_code = 'no_result',
        error_text = 'the sender ended before it recorded a result'
    FROM expired AS e
    WHERE
        a.organization_id = warehouse.current_organization() AND a.delivery_id = e.delivery_id AND a.finished_at IS NULL
)

UPDATE alerts.alert_deliveries AS d
SET
    status = CASE WHEN e.is_last THEN 'dead' ELSE 'queued' END,
    lease_until = NULL,
    doubtful = true,
    needs_lookup = true,
    next_attempt_at = %(now)s,
    error_code = 'no_result',
    error_text = 'the sender ended before it recorded a result',
    updated_at = %(now)s
FROM expired AS e
WHERE d.organization_id = warehouse.current_organization() AND d.delivery_id = e.delivery_id
RETURNING d.delivery_id, d.status
