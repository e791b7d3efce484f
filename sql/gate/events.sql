-- Decisions, the newest first.
SELECT event_id, decided_at, production_day, gate_id, direction, track_id, raw_text, read_count, confidence, valid, plate, format,
    corrections, status, reason, opened, is_repetition, warning, resembles, confirmed
FROM gate.gate_events
WHERE organization_id = warehouse.current_organization()
    AND decided_at >= %(since)s
    AND (%(plate)s::text IS NULL OR plate = %(plate)s)
    AND (%(status)s::text IS NULL OR status = %(status)s)
ORDER BY decided_at DESC
LIMIT %(limit)s
