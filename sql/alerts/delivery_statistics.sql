-- How messages fared since a moment; rates are NULL while there is nothing to divide by.
SELECT
    count(*) AS messages,
    count(*) FILTER (WHERE status IN ('queued', 'sending')) AS waiting,
    count(*) FILTER (WHERE status = 'sent') AS sent,
    count(*) FILTER (WHERE status = 'delivered') AS delivered,
    count(*) FILTER (WHERE status = 'dead') AS dead,
    count(*) FILTER (WHERE doubtful) AS doubtful,
    count(*) FILTER (WHERE recipient_problem IS NOT NULL) AS unaddressed,
    100.0::float8 * count(*) FILTER (WHERE status IN ('sent', 'delivered'))
    / nullif(count(*) FILTER (WHERE status IN ('sent', 'delivered', 'dead')), 0) AS accepted_pct,
    100.0::float8 * count(*) FILTER (WHERE status = 'delivered')
    / nullif(count(*) FILTER (WHERE status IN ('sent', 'delivered', 'dead')), 0) AS delivered_pct,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(EPOCH FROM sent_at - created_at)) AS median_wait_s
FROM alerts.alert_deliveries
WHERE organization_id = warehouse.current_organization() AND created_at >= %(since)s
