-- Which alerts a message speaks of.
INSERT INTO alerts.delivery_alerts (delivery_id, alert_id)
SELECT l.delivery_id, l.alert_id
FROM jsonb_to_recordset(%(links)s) AS l (delivery_id bigint, alert_id bigint)
