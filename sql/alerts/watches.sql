-- What a policy remembers of one stream.
SELECT
    rule, subject, production_day, status, first_seen_at, last_seen_at, streak, absent, counted_at, breaches, opened_at,
    escalated_at, told
FROM alerts.alerts
WHERE organization_id = warehouse.current_organization() AND stream = %(stream)s AND status <> 'resolved'
