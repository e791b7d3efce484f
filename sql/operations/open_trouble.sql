-- Open incidents of the platform, messages that reached nobody, and the titles of the newest incidents.
SELECT
    (
        SELECT count(*) FROM alerts.alerts
        WHERE organization_id = warehouse.current_organization() AND stream = 'platform' AND status <> 'resolved'
    ) AS incidents,
    (
        SELECT count(*) FROM alerts.alert_deliveries
        WHERE organization_id = warehouse.current_organization() AND status = 'dead'
    ) AS dead_letters,
    (
        SELECT array_agg(newest.title)
        FROM (
            SELECT title FROM alerts.alerts
            WHERE organization_id = warehouse.current_organization() AND stream = 'platform' AND status <> 'resolved'
            ORDER BY alert_id DESC
            LIMIT 5
        ) AS newest
    ) AS titles
