-- The delivery a provider speaks of, held until its news is recorded.
SELECT delivery_id, attempt_count - attempts_allowed_from AS failures
FROM alerts.alert_deliveries
WHERE organization_id = warehouse.current_organization() AND provider_message_id = %(provider_message_id)s
FOR UPDATE
