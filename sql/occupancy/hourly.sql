-- The computed hours take the place of what stood there. An area's passages are those that its doors (before any: its cameras) saw.
WITH seen AS (
    SELECT t.area_id, t.hour_start, e.source_id, count(*) AS events,
        sum(e.people) FILTER (WHERE e.direction = 'in' AND e.is_person) AS entries,
        sum(e.people) FILTER (WHERE e.direction = 'out' AND e.is_person) AS exits
    FROM target_hours AS t
    JOIN heard AS e
        ON e.area_id = t.area_id AND e.island = t.island AND e.observed_at >= t.hour_start AND e.observed_at < t.counted_until
    GROUP BY t.area_id, t.hour_start, e.source_id
), surplus AS (
    SELECT t.area_id, t.hour_start, m.holder, sum(m.surplus) AS surplus
    FROM target_hours AS t
    JOIN moves AS m ON m.area_id = t.area_id AND m.island = t.island AND m.at >= t.hour_start AND m.at < t.counted_until
    GROUP BY t.area_id, t.hour_start, m.holder
), sources AS (
    SELECT f.area_id, f.hour_start, f.series, m.kind = 'door' AS is_door, f.hour_start < m.area_until AS is_of_area,
        coalesce(s.events, 0) AS events,
        -- A door that lived and said nothing saw nobody; a camera counts people, and passages only where it says so.
        CASE WHEN m.kind = 'door' AND f.observed_us > 0 THEN coalesce(s.entries, 0) ELSE s.entries END AS entries,
        CASE WHEN m.kind = 'door' AND f.observed_us > 0 THEN coalesce(s.exits, 0) ELSE s.exits END AS exits
    FROM figures AS f
    JOIN target_hours AS t USING (area_id, hour_start)
    JOIN members AS m ON m.area_id = f.area_id AND m.island = t.island AND m.source_id = f.series
    LEFT JOIN seen AS s ON s.area_id = f.area_id AND s.hour_start = f.hour_start AND s.source_id = f.series
), areas AS (
    SELECT area_id, hour_start, '' AS series, false AS is_door, sum(events) AS events,
        sum(entries) FILTER (WHERE is_of_area) AS entries, sum(exits) FILTER (WHERE is_of_area) AS exits
    FROM sources
    GROUP BY area_id, hour_start
), passages AS (
    SELECT area_id, hour_start, series, is_door, events, entries, exits FROM sources
    UNION ALL
    SELECT area_id, hour_start, series, is_door, events, entries, exits FROM areas
), cleared AS (
    DELETE FROM occupancy.occupancy_hourly AS h USING target_hours AS t
    WHERE h.organization_id = (SELECT warehouse.current_organization()) AND h.area_id = t.area_id AND h.hour_start = t.hour_start
        AND NOT EXISTS (SELECT FROM figures AS f WHERE f.area_id = h.area_id AND f.series = h.source_id AND f.hour_start = h.hour_start)
)
INSERT INTO occupancy.occupancy_hourly AS known (
    production_day, area_id, source_id, hour_start, hour_end, avg_occupancy, max_occupancy, min_occupancy, entries, exits,
    observed_min, surplus_exits, closing_occupancy, event_count
)
SELECT t.production_day, f.area_id, f.series, f.hour_start, t.hour_end,
    CASE WHEN NOT p.is_door THEN f.person_us / nullif(f.observed_us, 0) END,
    CASE WHEN NOT p.is_door THEN f.max_level END,
    CASE WHEN NOT p.is_door THEN f.min_level END,
    p.entries, p.exits, f.observed_us / 60000000.0, coalesce(s.surplus, 0),
    CASE WHEN NOT p.is_door THEN f.closing_level END, p.events
FROM figures AS f
JOIN target_hours AS t USING (area_id, hour_start)
JOIN passages AS p USING (area_id, hour_start, series)
LEFT JOIN surplus AS s ON s.area_id = f.area_id AND s.hour_start = f.hour_start AND s.holder = f.series
ON CONFLICT (organization_id, area_id, source_id, hour_start) DO UPDATE SET
    production_day = excluded.production_day, hour_end = excluded.hour_end, avg_occupancy = excluded.avg_occupancy,
    max_occupancy = excluded.max_occupancy, min_occupancy = excluded.min_occupancy, entries = excluded.entries,
    exits = excluded.exits, observed_min = excluded.observed_min, surplus_exits = excluded.surplus_exits,
    closing_occupancy = excluded.closing_occupancy, event_count = excluded.event_count
