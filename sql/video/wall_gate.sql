-- The latest decisions of the gates, newest first, for the camera wall.
SELECT decided_at, gate_id, direction, coalesce(plate, raw_text) AS plate, status, opened, warning
FROM gate.gate_events
WHERE organization_id = warehouse.current_organization() AND decided_at > %(now)s - interval '12 hours'
    AND valid AND NOT is_repetition
ORDER BY decided_at DESC
LIMIT 12
