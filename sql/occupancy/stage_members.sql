-- Who counts in each island, and from when to when. A source is there from its first event until it is retired; an area is
-- counted by its doors from the first event of any of them, and by its cameras until then.
WITH doors AS (
    SELECT area_id, min(first_seen_at) AS since
    FROM occupancy.sources
    WHERE organization_id = (SELECT warehouse.current_organization()) AND kind = 'door' AND first_seen_at IS NOT NULL
    GROUP BY area_id
), present AS (
    SELECT i.area_id, i.island, s.source_id, s.kind, make_interval(secs => s.max_silence_s) AS max_silence, i.ends_at,
        greatest(i.starts_at, s.first_seen_at) AS present_from, least(i.ends_at, s.retired_at) AS present_until, d.since
    FROM islands AS i
    JOIN occupancy.sources AS s
        ON s.organization_id = (SELECT warehouse.current_organization()) AND s.area_id = i.area_id AND s.first_seen_at IS NOT NULL
    LEFT JOIN doors AS d ON d.area_id = i.area_id
), counting AS (
    INSERT INTO members (area_id, island, source_id, kind, max_silence, ends_at, present_from, present_until, area_until)
    SELECT area_id, island, source_id, kind, max_silence, ends_at, present_from, present_until,
        CASE kind WHEN 'door' THEN present_until ELSE least(present_until, since) END
    FROM present
    WHERE present_from < present_until
    RETURNING *
), levels AS (
    SELECT area_id, island, source_id AS holder, present_from AS level_from, ends_at, NULL::integer AS start_people,
        '-infinity'::timestamptz AS since
    FROM counting WHERE kind = 'camera'
    UNION ALL
    SELECT i.area_id, i.island, '', greatest(i.starts_at, d.since), i.ends_at, a.start_people, d.since
    FROM islands AS i
    JOIN doors AS d ON d.area_id = i.area_id AND d.since < i.ends_at
    JOIN occupancy.areas AS a ON a.organization_id = (SELECT warehouse.current_organization()) AND a.area_id = i.area_id
)
-- Each count goes on from the last hour that is not computed anew, however long ago that was.
INSERT INTO holders (area_id, island, holder, level_from, ends_at, base_at, base_level)
SELECT l.area_id, l.island, l.holder, l.level_from, l.ends_at, coalesce(b.hour_end, '-infinity'),
    CASE WHEN b.hour_end IS NULL THEN l.start_people ELSE b.closing_occupancy END
FROM levels AS l
LEFT JOIN LATERAL (
    SELECT h.hour_end, h.closing_occupancy FROM occupancy.occupancy_hourly AS h
    WHERE h.organization_id = (SELECT warehouse.current_organization()) AND h.area_id = l.area_id AND h.source_id = l.holder
        AND h.hour_start < l.level_from AND h.hour_end > l.since
        AND NOT EXISTS (SELECT FROM target_hours AS t WHERE t.area_id = h.area_id AND t.hour_start = h.hour_start)
    ORDER BY h.hour_start DESC LIMIT 1
) AS b ON true
