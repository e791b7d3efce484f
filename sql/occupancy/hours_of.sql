-- Hours of one area, door or camera between two production days.
SELECT production_day, hour_start, hour_end, avg_occupancy, max_occupancy, min_occupancy, entries, exits, observed_min,
    surplus_exits, closing_occupancy, event_count
FROM occupancy.occupancy_hourly
WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s AND source_id = %(source_id)s
    AND production_day BETWEEN %(first_day)s AND %(last_day)s
ORDER BY hour_start
