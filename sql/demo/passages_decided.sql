-- Simulated passages that the gate has decided upon already.
SELECT gate_id, track_id, decided_at FROM gate.gate_events
WHERE organization_id = (SELECT warehouse.current_organization()) AND source = 'demo'
    AND decided_at >= %(since)s AND decided_at < %(until)s
