-- The history of alerts and deliveries: what happened, when and by whom.
INSERT INTO alerts.alert_events (at, event, actor, alert_id, delivery_id, detail)
SELECT %(at)s, e.event, %(actor)s, e.alert_id, e.delivery_id, e.detail
FROM jsonb_to_recordset(%(events)s) AS e (event text, alert_id bigint, delivery_id bigint, detail text)
