-- From when to when each area is computed: the selected time with whatever is missing before it, and what changes reach.
-- A change reaches as far as the count depends on it: to the next count (of an area with doors: or correction), and to the
-- source's next sign of life.
WITH mine AS (
    SELECT * FROM occupancy.sources
    WHERE organization_id = (SELECT warehouse.current_organization()) AND first_seen_at IS NOT NULL
), computed AS (
    SELECT series.area_id, max(h.hour_end) AS computed_until
    FROM (SELECT area_id, source_id FROM mine UNION SELECT area_id, '' FROM mine) AS series
    CROSS JOIN LATERAL (
        SELECT hour_end FROM occupancy.occupancy_hourly
        WHERE organization_id = (SELECT warehouse.current_organization())
            AND area_id = series.area_id AND source_id = series.source_id
        ORDER BY hour_start DESC LIMIT 1
    ) AS h
    GROUP BY series.area_id
), since AS (
    SELECT area_id, min(touched_until) AS at FROM taken GROUP BY area_id
), door_sets AS MATERIALIZED (
    SELECT since.area_id, l.observed_at AS at
    FROM since
    JOIN mine ON mine.area_id = since.area_id AND mine.kind = 'door'
    CROSS JOIN LATERAL (
        SELECT observed_at FROM occupancy.occupancy_log
        WHERE organization_id = mine.organization_id AND source_id = mine.source_id
            AND observed_at > since.at AND kind = 'count' AND label = 'person'
        OFFSET 0
    ) AS l
    UNION ALL
    SELECT since.area_id, c.corrected_at
    FROM since
    JOIN occupancy.headcount_corrections AS c
        ON c.organization_id = (SELECT warehouse.current_organization()) AND c.area_id = since.area_id AND c.corrected_at > since.at
), reach AS MATERIALIZED (
    SELECT t.area_id, t.source_id, t.touched_from, t.touched_until, c.computed_until, m.organization_id,
        CASE WHEN m.kind = 'camera' THEN (
            SELECT observed_at FROM occupancy.occupancy_log
            WHERE organization_id = m.organization_id AND source_id = m.source_id
                AND observed_at > t.touched_until AND kind = 'count' AND label = 'person'
            ORDER BY observed_at LIMIT 1
        ) ELSE (SELECT min(at) FROM door_sets WHERE area_id = t.area_id AND at > t.touched_until)
        END AS next_set
    FROM taken AS t
    LEFT JOIN mine AS m ON m.source_id = t.source_id
    LEFT JOIN computed AS c ON c.area_id = t.area_id
), ended AS (
    -- Looked up only where a count ends the reach at all.
    SELECT *, CASE WHEN next_set IS NULL THEN NULL WHEN source_id = '' THEN next_set ELSE (
        SELECT greatest(reach.next_set, l.observed_at) FROM occupancy.occupancy_log AS l
        WHERE l.organization_id = reach.organization_id AND l.source_id = reach.source_id AND l.observed_at > reach.touched_until
        ORDER BY l.observed_at LIMIT 1
    ) END AS ends_at
    FROM reach
), wanted AS (
    -- Where nothing ends it, whatever has been computed so far depends on it, and what is asked for now.
    SELECT area_id, touched_from AS starts_at, coalesce(ends_at, greatest(
        touched_from, nullif(touched_until, 'infinity'), computed_until - interval '1 microsecond',
        %(last)s::timestamptz - interval '1 microsecond'
    )) AS ends_at
    FROM ended
    UNION ALL
    -- No hour is left out: not even those in which nobody was there to start the computation.
    SELECT DISTINCT mine.area_id, least(%(first)s::timestamptz, c.computed_until), %(last)s::timestamptz - interval '1 microsecond'
    FROM mine LEFT JOIN computed AS c ON c.area_id = mine.area_id
    WHERE mine.first_seen_at < %(last)s::timestamptz AND (mine.retired_at IS NULL OR mine.retired_at > %(first)s::timestamptz)
)
INSERT INTO stretches (area_id, starts_at, ends_at)
SELECT area_id, lower(whole), upper(whole)
FROM (
    SELECT area_id, unnest(range_agg(tstzrange(starts_at, ends_at, '[]'))) AS whole FROM wanted GROUP BY area_id
) AS w
