-- Sent messages whose fate is to be asked for now.
SELECT delivery_id, channel, provider_message_id, sent_at
FROM alerts.alert_deliveries
WHERE
    organization_id = warehouse.current_organization()
    AND status = 'sent'
    AND next_status_at <= %(now)s
    AND provider_message_id IS NOT NULL
ORDER BY next_status_at, delivery_id
LIMIT %(limit)s
