-- One decision; a second time changes nothing.
INSERT INTO gate.gate_events (
    event_id, decided_at, production_day, hour_start, gate_id, direction, track_id, raw_text, read_count, confidence, valid, plate, format,
    corrections, status, reason, list_entry_id, opened, is_repetition, warning, resembles, confirmed, source
)
VALUES (
    %(event_id)s, %(decided_at)s, %(production_day)s, %(hour_start)s, %(gate_id)s, %(direction)s, %(track_id)s, %(raw_text)s, %(read_count)s,
    %(confidence)s, %(valid)s, %(plate)s, %(format)s, %(corrections)s, %(status)s, %(reason)s, %(list_entry_id)s, %(opened)s,
    %(is_repetition)s, %(warning)s, %(resembles)s, %(confirmed)s, %(source)s
)
ON CONFLICT (organization_id, decided_at, event_id) DO NOTHING
