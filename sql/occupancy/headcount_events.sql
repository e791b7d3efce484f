-- Crossings and counts between two moments; of mere signs of life the first after each silence. alive_until: the source's
-- last sign before its next silence, so that nobody needs the signs between.
WITH signs AS (
    SELECT l.source_id, l.observed_at, l.event_id, l.direction, l.people, s.kind = 'door' AS is_door,
        CASE WHEN l.label = 'person' THEN l.kind ELSE 'heartbeat' END AS kind,
        l.observed_at - lag(l.observed_at) OVER life <= make_interval(secs => s.max_silence_s) AS goes_on
    FROM occupancy.sources AS s
    JOIN occupancy.occupancy_log AS l ON l.organization_id = s.organization_id AND l.source_id = s.source_id
    WHERE s.organization_id = (SELECT warehouse.current_organization())
        AND l.observed_at > %(since)s AND l.observed_at <= %(until)s
    WINDOW life AS (PARTITION BY l.source_id ORDER BY l.observed_at, l.event_id)
), lives AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER (PARTITION BY source_id ORDER BY observed_at, event_id) AS life
    FROM signs
), spans AS (
    SELECT *, max(observed_at) OVER (PARTITION BY source_id, life) AS alive_until FROM lives
)
SELECT source_id, observed_at, event_id, direction, people, is_door, kind, alive_until
FROM spans
WHERE kind <> 'heartbeat' OR goes_on IS NOT TRUE
