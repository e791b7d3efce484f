-- What became of the messages since a moment, by channel; a message not yet tried has no channel.
SELECT coalesce(channel, 'none') AS channel, status, count(*) AS messages
FROM alerts.alert_deliveries
WHERE organization_id = warehouse.current_organization() AND created_at >= %(since)s
GROUP BY coalesce(channel, 'none'), status
