-- Whether a message of the provider already has its attempt on record.
SELECT 1 AS recorded
FROM alerts.delivery_attempts
WHERE organization_id = warehouse.current_organization() AND provider_message_id = %(provider_message_id)s
