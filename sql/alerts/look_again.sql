-- When to ask the provider again what became of a sent message.
UPDATE alerts.alert_deliveries
SET next_status_at = %(at)s
WHERE organization_id = warehouse.current_organization() AND delivery_id = %(delivery_id)s AND status = 'sent'
