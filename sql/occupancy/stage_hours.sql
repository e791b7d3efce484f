-- The hours to compute, each island of adjoining ones numbered; an hour that still runs is counted until now.
WITH hours AS (
    SELECT DISTINCT s.area_id, g.hour_start, g.hour_end, g.production_day
    FROM stretches AS s
    JOIN grid AS g ON g.hour_end > s.starts_at AND g.hour_start <= s.ends_at AND g.hour_start < %(now)s
), begun AS (
    SELECT *, (lag(hour_end) OVER (PARTITION BY area_id ORDER BY hour_start) IS DISTINCT FROM hour_start)::integer AS begins
    FROM hours
), numbered AS (
    INSERT INTO target_hours (area_id, hour_start, hour_end, production_day, counted_until, island)
    SELECT area_id, hour_start, hour_end, production_day, least(hour_end, %(now)s),
        sum(begins) OVER (PARTITION BY area_id ORDER BY hour_start)
    FROM begun
    RETURNING *
)
INSERT INTO islands (area_id, island, starts_at, ends_at)
SELECT area_id, island, min(hour_start), max(counted_until) FROM numbered GROUP BY area_id, island
