-- Days of the areas with most people in a month, for its plot; unknown days stay as gaps.
WITH busiest AS (
    SELECT area_id, max_occupancy AS most FROM occupancy.occupancy_monthly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND month = %(month)s AND source_id = ''
    ORDER BY most DESC NULLS LAST, area_id
    LIMIT %(most)s
)
SELECT d.area_id, d.production_day, d.max_occupancy
FROM busiest JOIN occupancy.occupancy_daily AS d USING (area_id)
WHERE d.organization_id = (SELECT warehouse.current_organization()) AND d.source_id = ''
    AND d.production_day >= %(month)s AND d.production_day < %(month)s::date + interval '1 month'
ORDER BY busiest.most DESC NULLS LAST, d.area_id, d.production_day
