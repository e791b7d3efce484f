-- Hours of the areas with most people on a production day, for its plot; unknown hours stay as gaps.
WITH busiest AS (
    SELECT area_id, max(max_occupancy) AS most FROM occupancy.occupancy_hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day = %(day)s AND source_id = ''
    GROUP BY area_id
    ORDER BY most DESC NULLS LAST, area_id
    LIMIT %(most)s
)
SELECT h.area_id, h.hour_start, h.avg_occupancy, h.min_occupancy, h.max_occupancy
FROM busiest JOIN occupancy.occupancy_hourly AS h USING (area_id)
WHERE h.organization_id = (SELECT warehouse.current_organization()) AND h.production_day = %(day)s AND h.source_id = ''
ORDER BY busiest.most DESC NULLS LAST, h.area_id, h.hour_start
