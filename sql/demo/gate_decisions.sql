-- What the gate decided about simulated passages in this time.
SELECT gate_id, track_id, decided_at, valid, plate, status, opened FROM gate.gate_events
WHERE organization_id = (SELECT warehouse.current_organization()) AND source = 'demo'
    AND decided_at >= %(since)s AND decided_at < %(until)s
