-- Who was at the gates since a moment, oldest first: what a process must know that has just started.
SELECT gate_id, track_id, plate, status, decided_at, direction
FROM gate.gate_events
WHERE organization_id = warehouse.current_organization() AND decided_at >= %(since)s AND valid AND NOT is_repetition
ORDER BY decided_at
