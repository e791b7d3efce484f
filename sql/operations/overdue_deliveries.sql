-- Messages that should have left before a time and did not: queued and due, or claimed by a sender that never came back.
SELECT count(*) AS waiting, min(due_at) AS oldest_due_at
FROM (
    SELECT CASE status WHEN 'queued' THEN next_attempt_at ELSE lease_until END AS due_at
    FROM alerts.alert_deliveries
    WHERE organization_id = warehouse.current_organization() AND status IN ('queued', 'sending')
) AS outbox
WHERE due_at < %(before)s
