-- Months of one area, door or camera: those that the days asked for lie in.
SELECT month, avg_occupancy, max_occupancy, min_occupancy, peak_day, entries, exits, observed_min, observed_days,
    surplus_exits, event_count
FROM occupancy.occupancy_monthly
WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s AND source_id = %(source_id)s
    AND month BETWEEN date_trunc('month', %(first_day)s::date) AND date_trunc('month', %(last_day)s::date)
ORDER BY month
