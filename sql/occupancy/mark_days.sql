-- After hours: their days are added up anew, and hours that still run are computed once more when they are over.
WITH days AS (
    INSERT INTO occupancy.touched_days (level, area_id, first_day)
    SELECT DISTINCT 'day', area_id, production_day FROM target_hours
), unfinished AS (
    INSERT INTO occupancy.touched (area_id, source_id, touched_from, touched_until)
    SELECT area_id, '', hour_start, counted_until FROM target_hours WHERE counted_until < hour_end
)
SELECT count(*) AS hours, count(DISTINCT hour_start) AS clock_hours, (SELECT count(*) FROM figures) AS rows, (
    SELECT count(*) FROM heard AS e JOIN target_hours AS t
        ON t.area_id = e.area_id AND t.island = e.island AND e.observed_at >= t.hour_start AND e.observed_at < t.counted_until
) AS events
FROM target_hours
