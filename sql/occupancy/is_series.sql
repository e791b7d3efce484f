-- Whether there is such an area, and such a door or camera in it (empty: the area itself).
SELECT EXISTS (
    SELECT FROM occupancy.areas
    WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s AND %(source_id)s::text = ''
    UNION ALL
    SELECT FROM occupancy.sources
    WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s AND source_id = %(source_id)s
) AS is_there
