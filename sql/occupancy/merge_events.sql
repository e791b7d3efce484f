-- Staged events of registered sources that are not there yet become events; marks what they touch. Gives how many there were.
WITH new_events AS (
    INSERT INTO occupancy.occupancy_log (
        source_id, area_id, observed_at, event_id, kind, direction, people, label, track_id, confidence, snapshot, ingested_at
    )
    -- In the order of the key: two senders of the same events then wait for each other instead of locking each other out.
    SELECT e.source_id, s.area_id, e.observed_at, e.event_id, e.kind, e.direction, e.people, e.label, e.track_id,
        e.confidence, e.snapshot, %(now)s
    FROM staged_events AS e
    JOIN occupancy.sources AS s ON s.organization_id = (SELECT warehouse.current_organization()) AND s.source_id = e.source_id
    ORDER BY e.source_id, e.observed_at, e.event_id, e.place
    ON CONFLICT (organization_id, source_id, observed_at, event_id) DO NOTHING
    RETURNING source_id, area_id, observed_at
), touched AS (
    INSERT INTO occupancy.touched (area_id, source_id, touched_from, touched_until)
    SELECT area_id, source_id, min(observed_at), max(observed_at)
    FROM new_events
    GROUP BY area_id, source_id, date_bin('1 hour', observed_at, 'epoch')
), begun AS (
    UPDATE occupancy.sources AS s SET first_seen_at = n.first_seen_at
    FROM (SELECT source_id, min(observed_at) AS first_seen_at FROM new_events GROUP BY source_id) AS n
    WHERE s.organization_id = (SELECT warehouse.current_organization()) AND s.source_id = n.source_id
        AND (s.first_seen_at IS NULL OR s.first_seen_at > n.first_seen_at)
)
SELECT count(*) FROM new_events
