-- All doors and cameras, with their newest sign of life.
SELECT s.source_id, s.area_id, s.kind, s.max_silence_s, s.first_seen_at, s.retired_at, (
    SELECT max(l.observed_at) FROM occupancy.occupancy_log AS l
    WHERE l.organization_id = s.organization_id AND l.source_id = s.source_id AND l.observed_at >= s.first_seen_at
) AS last_seen_at
FROM occupancy.sources AS s
WHERE s.organization_id = (SELECT warehouse.current_organization())
ORDER BY s.area_id, s.source_id
