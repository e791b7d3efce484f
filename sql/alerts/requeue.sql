-- Says what status the delivery had; only a dead letter is touched.
WITH found AS (
    SELECT delivery_id, status
    FROM alerts.alert_deliveries
    WHERE organization_id = warehouse.current_organization() AND delivery_id = %(delivery_id)s
    FOR UPDATE
),

requeued AS (
    UPDATE alerts.alert_deliveries AS d
    SET
        status = 'queued', next_attempt_at = %(now)s, attempts_allowed_from = d.attempt_count, next_status_at = NULL,
        provider_message_id = NULL, updated_at = %(now)s
    FROM found AS f
    WHERE d.organization_id = warehouse.current_organization() AND d.delivery_id = f.delivery_id AND f.status = 'dead'
)

SELECT status FROM found
