-- Who passed the doors of each area, hour by hour; NULL where one of its doors was silent for a quarter of the hour or more.
SELECT h.area_id, h.production_day, h.hour_start,
    CASE WHEN bool_and(h.observed_min >= 45) THEN sum(h.entries)::float8 END AS entries,
    CASE WHEN bool_and(h.observed_min >= 45) THEN sum(h.exits)::float8 END AS exits
FROM occupancy.occupancy_hourly AS h JOIN occupancy.sources AS s USING (organization_id, source_id)
WHERE h.organization_id = (SELECT warehouse.current_organization()) AND s.kind = 'door'
    AND h.production_day BETWEEN %(first)s AND %(last)s
GROUP BY h.area_id, h.production_day, h.hour_start
ORDER BY h.area_id, h.hour_start
