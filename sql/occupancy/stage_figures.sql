-- Time-weighted figures of each series and hour, by going through time once: at each instant something begins or ends to count.
WITH segments AS (
    SELECT area_id, island, holder, level, at AS from_at,
        lead(at, 1, 'infinity') OVER (PARTITION BY area_id, island, holder ORDER BY at) AS until_at
    FROM (
        SELECT area_id, island, holder, '-infinity'::timestamptz AS at, base_level AS level FROM holders
        UNION ALL
        SELECT area_id, island, holder, at, level FROM moves WHERE is_last
    ) AS s
), gaps AS (
    -- Alive from a sign of life for as long as the silence lasts; unknown from then to the next.
    SELECT area_id, island, source_id, at + max_silence AS from_at,
        lead(at, 1, 'infinity') OVER (PARTITION BY area_id, island, source_id ORDER BY at) AS until_at
    FROM (
        SELECT area_id, island, source_id, max_silence, '-infinity'::timestamptz AS at FROM members
        UNION ALL
        SELECT m.area_id, m.island, m.source_id, m.max_silence, e.observed_at
        FROM members AS m JOIN heard AS e USING (area_id, island, source_id)
    ) AS s
), listeners AS (
    SELECT area_id, island, source_id AS series, source_id, present_from AS from_at, present_until AS until_at FROM members
    UNION ALL
    SELECT area_id, island, '', source_id, present_from, area_until FROM members WHERE present_from < area_until
), counters AS (
    SELECT area_id, island, source_id AS series, source_id AS holder, present_from AS from_at, ends_at AS until_at
    FROM members WHERE kind = 'camera'
    UNION ALL
    SELECT area_id, island, '', source_id, present_from, area_until
    FROM members WHERE kind = 'camera' AND present_from < area_until
    UNION ALL
    SELECT area_id, island, '', holder, level_from, ends_at FROM holders WHERE holder = ''
), spans AS (
    SELECT c.area_id, c.island, c.series, greatest(s.from_at, c.from_at) AS from_at, least(s.until_at, c.until_at) AS until_at,
        coalesce(s.level, 0) AS level, (s.level IS NULL)::integer AS unknown, 0 AS dead, 0 AS present
    FROM counters AS c JOIN segments AS s USING (area_id, island, holder)
    UNION ALL
    SELECT l.area_id, l.island, l.series, greatest(g.from_at, l.from_at), least(g.until_at, l.until_at), 0, 0, 1, 0
    FROM listeners AS l JOIN gaps AS g USING (area_id, island, source_id)
    UNION ALL
    SELECT area_id, island, series, from_at, until_at, 0, 0, 0, 1 FROM listeners
), points AS (
    SELECT area_id, island, series, from_at AS at, level, unknown, dead, present, NULL::timestamptz AS hour_start
    FROM spans WHERE from_at < until_at
    UNION ALL
    SELECT area_id, island, series, until_at, -level, -unknown, -dead, -present, NULL FROM spans WHERE from_at < until_at
    UNION ALL
    SELECT s.area_id, s.island, s.series, t.hour_start, 0, 0, 0, 0, t.hour_start
    FROM (SELECT DISTINCT area_id, island, series FROM listeners) AS s JOIN target_hours AS t USING (area_id, island)
), instants AS (
    SELECT area_id, island, series, at, sum(level) AS level, sum(unknown) AS unknown, sum(dead) AS dead, sum(present) AS present,
        max(hour_start) AS hour_start
    FROM points
    GROUP BY area_id, island, series, at
), running AS (
    SELECT i.area_id, i.series, i.at, max(i.hour_start) OVER w AS hour_start, sum(i.level) OVER w AS level,
        sum(i.unknown) OVER w AS unknown, sum(i.dead) OVER w AS dead, sum(i.present) OVER w AS present,
        extract(epoch FROM lead(i.at, 1, islands.ends_at) OVER w - i.at) * 1000000 AS lasting_us
    FROM instants AS i JOIN islands USING (area_id, island)
    WHERE i.at < islands.ends_at
    WINDOW w AS (PARTITION BY i.area_id, i.series, i.island ORDER BY i.at)
)
INSERT INTO figures (area_id, series, hour_start, observed_us, person_us, max_level, min_level, closing_level)
SELECT area_id, series, hour_start,
    coalesce(sum(lasting_us) FILTER (WHERE is_known), 0),
    sum(level * lasting_us) FILTER (WHERE is_known),
    max(level) FILTER (WHERE is_known),
    min(level) FILTER (WHERE is_known),
    (array_agg(CASE WHEN unknown = 0 AND present > 0 THEN level END ORDER BY at DESC))[1]
FROM (SELECT *, present > 0 AND dead = 0 AND unknown = 0 AS is_known FROM running WHERE lasting_us > 0) AS r
GROUP BY area_id, series, hour_start
HAVING bool_or(present > 0)
