-- What the sources said: since the hour that each count goes on from, and within their silence before the island.
WITH ears AS (
    SELECT i.area_id, i.island, s.source_id, s.kind,
        least(i.starts_at - make_interval(secs => s.max_silence_s), h.base_at) AS heard_from,
        least(i.ends_at, s.retired_at) AS heard_until
    FROM islands AS i
    JOIN occupancy.sources AS s
        ON s.organization_id = (SELECT warehouse.current_organization()) AND s.area_id = i.area_id AND s.first_seen_at < i.ends_at
    LEFT JOIN holders AS h
        ON h.area_id = i.area_id AND h.island = i.island AND h.holder = CASE s.kind WHEN 'door' THEN '' ELSE s.source_id END
)
INSERT INTO heard (area_id, island, source_id, source_kind, observed_at, event_id, kind, direction, people, is_person)
SELECT e.area_id, e.island, e.source_id, e.kind, l.observed_at, l.event_id, l.kind, l.direction, l.people, l.label = 'person'
FROM ears AS e
-- OFFSET keeps it one look into the index a source; the planner would rather read the whole log.
CROSS JOIN LATERAL (
    SELECT observed_at, event_id, kind, direction, people, label FROM occupancy.occupancy_log
    WHERE organization_id = (SELECT warehouse.current_organization()) AND source_id = e.source_id
        AND observed_at >= e.heard_from AND observed_at < e.heard_until
        AND observed_at >= %(first)s AND observed_at < %(last)s
    OFFSET 0
) AS l
