-- What a deliverer would find to do now: messages to send, attempts that died, statuses to ask for, time that has passed.
WITH mine AS (
    SELECT
        count(*) FILTER (WHERE status = 'queued' AND next_attempt_at <= %(now)s) AS due,
        count(*) FILTER (WHERE status = 'sending' AND lease_until <= %(now)s) AS expired,
        count(*) FILTER (WHERE status = 'sent' AND next_status_at <= %(now)s) AS to_refresh
    FROM alerts.alert_deliveries
    WHERE
        organization_id = warehouse.current_organization()
        AND (status IN ('queued', 'sending') OR next_status_at IS NOT NULL)
),

waiting AS (
    SELECT
        count(*) FILTER (
            WHERE
            status = 'pending'
            AND absent = 0
            AND first_seen_at <= %(now)s::timestamptz - make_interval(mins => %(sustained_min)s)
        ) AS unopened,
        count(*) FILTER (
            WHERE
            status = 'open'
            AND absent = 0
            AND escalated_at IS NULL
            AND opened_at <= %(now)s::timestamptz - make_interval(mins => %(escalate_after_min)s)
        ) AS unescalated,
        count(*) FILTER (WHERE production_day < %(today)s) AS ended
    FROM alerts.alerts
    WHERE organization_id = warehouse.current_organization() AND status <> 'resolved' AND production_day IS NOT NULL
)

SELECT mine.*, waiting.*
FROM mine
CROSS JOIN waiting
