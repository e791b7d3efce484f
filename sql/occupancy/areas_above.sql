-- An area and all it is part of; nothing when it is not registered.
WITH RECURSIVE above AS (
    SELECT area_id, parent_area_id FROM occupancy.areas
    WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s
    UNION
    SELECT a.area_id, a.parent_area_id
    FROM occupancy.areas AS a JOIN above ON a.area_id = above.parent_area_id
    WHERE a.organization_id = (SELECT warehouse.current_organization())
)
SELECT area_id FROM above
