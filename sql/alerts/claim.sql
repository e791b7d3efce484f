-- Takes the delivery that has waited longest, and writes the attempt down before anybody is called.
WITH due AS (
    SELECT delivery_id
    FROM alerts.alert_deliveries
    WHERE
        organization_id = warehouse.current_organization()
        AND status = 'queued'
        AND next_attempt_at <= %(now)s
        AND CASE WHEN recipient_phone IS NULL THEN %(to_operators)s ELSE %(to_people)s END
    ORDER BY next_attempt_at, delivery_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
),

claimed AS (
    UPDATE alerts.alert_deliveries AS d
    SET status = 'sending', attempt_count = d.attempt_count + 1, lease_until = %(lease_until)s, updated_at = %(now)s
    FROM due
    WHERE d.organization_id = warehouse.current_organization() AND d.delivery_id = due.delivery_id
    RETURNING d.*
),

attempt AS (
    INSERT INTO alerts.delivery_attempts (delivery_id, attempt_no, started_at)
    SELECT delivery_id, attempt_count, %(now)s
    FROM claimed
    RETURNING attempt_id
)

SELECT
    c.delivery_id, a.attempt_id, c.attempt_count, c.attempts_allowed_from, c.needs_lookup, c.recipient_phone,
    c.recipient_name, c.recipient_problem, c.body, c.template, c.variables
FROM claimed AS c
CROSS JOIN attempt AS a
