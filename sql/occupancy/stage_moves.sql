-- The count after each event that moves it. A count sets it, a crossing adds to it, a correction sets that of an area with
-- doors. Nobody can leave where nobody is: such an exit proves a missed entry, and the count stays at zero.
WITH said AS (
    SELECT h.area_id, h.island, h.holder, h.base_level, e.observed_at AS at,
        CASE WHEN e.kind = 'count' THEN 2 WHEN e.direction = 'out' THEN 1 ELSE 0 END AS place, e.source_id, e.event_id,
        e.kind = 'count' AS is_set, CASE e.direction WHEN 'out' THEN -e.people ELSE e.people END AS people
    FROM holders AS h
    JOIN heard AS e
        ON e.area_id = h.area_id AND e.island = h.island AND e.observed_at >= h.base_at
        AND h.holder = CASE e.source_kind WHEN 'door' THEN '' ELSE e.source_id END
    WHERE e.kind <> 'heartbeat' AND e.is_person
    UNION ALL
    SELECT h.area_id, h.island, h.holder, h.base_level, c.corrected_at, 3, '', '', true, c.people_after
    FROM holders AS h
    JOIN occupancy.headcount_corrections AS c
        ON c.organization_id = (SELECT warehouse.current_organization()) AND c.area_id = h.area_id
        AND c.corrected_at >= h.base_at AND c.corrected_at < h.ends_at
    WHERE h.holder = ''
), grouped AS (
    SELECT *, count(*) FILTER (WHERE is_set) OVER (
        PARTITION BY area_id, island, holder ORDER BY at, place, source_id, event_id
    ) AS sets
    FROM said
), added AS (
    SELECT *, CASE WHEN sets = 0 THEN base_level ELSE first_value(people) OVER since_set END
        + coalesce(sum(people) FILTER (WHERE NOT is_set) OVER since_set, 0) AS added
    FROM grouped
    WINDOW since_set AS (PARTITION BY area_id, island, holder, sets ORDER BY at, place, source_id, event_id)
), lifted AS (
    -- What keeps a sum from falling below zero is the lowest it would have reached so far.
    SELECT *, greatest(0, -min(added) OVER since_set) AS lifted
    FROM added
    WINDOW since_set AS (PARTITION BY area_id, island, holder, sets ORDER BY at, place, source_id, event_id)
)
INSERT INTO moves (area_id, island, holder, at, level, surplus, is_last)
SELECT area_id, island, holder, at, added + lifted,
    lifted - lag(lifted, 1, 0::numeric) OVER (PARTITION BY area_id, island, holder, sets ORDER BY at, place, source_id, event_id),
    lead(at) OVER (PARTITION BY area_id, island, holder ORDER BY at, place, source_id, event_id) IS DISTINCT FROM at
FROM lifted
