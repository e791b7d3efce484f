-- Production days of one area, door or camera.
SELECT production_day, avg_occupancy, max_occupancy, min_occupancy, peak_hour, entries, exits, observed_min, observed_hours,
    surplus_exits, event_count
FROM occupancy.occupancy_daily
WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s AND source_id = %(source_id)s
    AND production_day BETWEEN %(first_day)s AND %(last_day)s
ORDER BY production_day
