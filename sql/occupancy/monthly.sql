-- Production days added up by calendar month. Averages are weighted by the minutes observed.
WITH cleared AS (
    DELETE FROM occupancy.occupancy_monthly AS m
    WHERE organization_id = (SELECT warehouse.current_organization()) AND month = ANY(%(months)s)
        AND NOT EXISTS (
            SELECT FROM occupancy.occupancy_daily AS d
            WHERE d.organization_id = m.organization_id AND d.area_id = m.area_id AND d.source_id = m.source_id
                AND date_trunc('month', d.production_day) = m.month)
), days AS (
    SELECT d.*, m.month
    FROM unnest(%(months)s::date[]) AS m (month)
    JOIN occupancy.occupancy_daily AS d
        ON d.organization_id = (SELECT warehouse.current_organization())
        AND d.production_day >= m.month AND d.production_day < m.month + interval '1 month'
)
INSERT INTO occupancy.occupancy_monthly AS known (
    month, area_id, source_id, avg_occupancy, max_occupancy, min_occupancy, peak_day, entries, exits, observed_min,
    observed_days, surplus_exits, event_count
)
SELECT month, area_id, source_id,
    sum(avg_occupancy * observed_min ORDER BY production_day)
        / nullif(sum(observed_min ORDER BY production_day) FILTER (WHERE avg_occupancy IS NOT NULL), 0),
    max(max_occupancy), min(min_occupancy),
    (array_agg(production_day ORDER BY max_occupancy DESC, production_day) FILTER (WHERE max_occupancy IS NOT NULL))[1],
    sum(entries), sum(exits), sum(observed_min ORDER BY production_day), count(*) FILTER (WHERE observed_min > 0),
    sum(surplus_exits), sum(event_count)
FROM days
GROUP BY month, area_id, source_id
ON CONFLICT (organization_id, area_id, source_id, month) DO UPDATE SET
    avg_occupancy = excluded.avg_occupancy, max_occupancy = excluded.max_occupancy, min_occupancy = excluded.min_occupancy,
    peak_day = excluded.peak_day, entries = excluded.entries, exits = excluded.exits, observed_min = excluded.observed_min,
    observed_days = excluded.observed_days, surplus_exits = excluded.surplus_exits, event_count = excluded.event_count
