-- Registers an area or changes it; another start of the count has its doors' hours computed anew.
WITH before AS (
    SELECT start_people FROM occupancy.areas
    WHERE organization_id = (SELECT warehouse.current_organization()) AND area_id = %(area_id)s
), registered AS (
    INSERT INTO occupancy.areas (area_id, area_name, capacity, parent_area_id, start_people)
    VALUES (%(area_id)s, %(area_name)s, %(capacity)s, %(parent_area_id)s, %(start_people)s)
    ON CONFLICT (organization_id, area_id) DO UPDATE SET
        area_name = excluded.area_name, capacity = excluded.capacity, parent_area_id = excluded.parent_area_id,
        start_people = excluded.start_people
    RETURNING area_id, area_name, capacity, parent_area_id, start_people
), touched AS (
    INSERT INTO occupancy.touched (area_id, source_id, touched_from, touched_until)
    SELECT s.area_id, '', min(s.first_seen_at), min(s.first_seen_at)
    FROM registered AS r
    JOIN before AS b ON b.start_people IS DISTINCT FROM r.start_people
    JOIN occupancy.sources AS s
        ON s.organization_id = (SELECT warehouse.current_organization()) AND s.area_id = r.area_id AND s.kind = 'door'
    WHERE s.first_seen_at IS NOT NULL
    GROUP BY s.area_id
)
SELECT * FROM registered
