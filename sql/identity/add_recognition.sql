-- Writes down one searched picture; the same event again adds nothing.
INSERT INTO identity.recognitions (
    event_id, seen_at, production_day, device, purpose, matcher, outcome, person_id, face_key, similarity_pct, snapshot,
    waited, punch_direction)
VALUES (
    %(event_id)s, %(seen_at)s, %(production_day)s, %(device)s, %(purpose)s, %(matcher)s, %(outcome)s, %(person_id)s,
    %(face_key)s, %(similarity_pct)s, %(snapshot)s, %(waited)s, %(punch_direction)s)
ON CONFLICT DO NOTHING
