-- Hours added up by production day. Averages are weighted by the minutes observed; what nobody observed stays unknown.
WITH cleared AS (
    DELETE FROM occupancy.occupancy_daily
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day = ANY(%(days)s)
        AND NOT EXISTS (
            SELECT FROM occupancy.occupancy_hourly AS h
            WHERE h.organization_id = occupancy_daily.organization_id AND h.production_day = occupancy_daily.production_day
                AND h.area_id = occupancy_daily.area_id AND h.source_id = occupancy_daily.source_id)
), months AS (
    INSERT INTO occupancy.touched_days (level, area_id, first_day)
    SELECT DISTINCT 'month', '', date_trunc('month', day)::date FROM unnest(%(days)s::date[]) AS day
)
INSERT INTO occupancy.occupancy_daily AS known (
    production_day, area_id, source_id, avg_occupancy, max_occupancy, min_occupancy, peak_hour, entries, exits, observed_min,
    observed_hours, surplus_exits, event_count
)
SELECT production_day, area_id, source_id,
    -- In the order of time: sums of floats depend on their order, and the same events must give the same row.
    sum(avg_occupancy * observed_min ORDER BY hour_start)
        / nullif(sum(observed_min ORDER BY hour_start) FILTER (WHERE avg_occupancy IS NOT NULL), 0),
    max(max_occupancy), min(min_occupancy),
    (array_agg(hour_start ORDER BY max_occupancy DESC, hour_start) FILTER (WHERE max_occupancy IS NOT NULL))[1],
    sum(entries), sum(exits), sum(observed_min ORDER BY hour_start), count(*) FILTER (WHERE observed_min > 0),
    sum(surplus_exits), sum(event_count)
FROM occupancy.occupancy_hourly
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day = ANY(%(days)s)
GROUP BY production_day, area_id, source_id
ON CONFLICT (organization_id, area_id, source_id, production_day) DO UPDATE SET
    avg_occupancy = excluded.avg_occupancy, max_occupancy = excluded.max_occupancy, min_occupancy = excluded.min_occupancy,
    peak_hour = excluded.peak_hour, entries = excluded.entries, exits = excluded.exits, observed_min = excluded.observed_min,
    observed_hours = excluded.observed_hours, surplus_exits = excluded.surplus_exits, event_count = excluded.event_count
