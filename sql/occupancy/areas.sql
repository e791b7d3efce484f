-- All areas in which people are counted.
SELECT area_id, area_name, capacity, parent_area_id, start_people FROM occupancy.areas
WHERE organization_id = (SELECT warehouse.current_organization())
ORDER BY area_id
