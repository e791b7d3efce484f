-- Where events wait for the merge; gone with their transaction.
CREATE TEMPORARY TABLE staged_events (
    place integer, source_id text, observed_at timestamptz, event_id text, kind text, direction text, people integer, label text,
    track_id text, confidence float8, snapshot text
) ON COMMIT DROP
