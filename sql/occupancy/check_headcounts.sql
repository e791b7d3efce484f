-- Failures of occupancy.headcounts between two production days; what is over now is judged by the newest row of an area.
WITH course AS (
    SELECT *, lag(at) OVER around AS before_at, row_number() OVER (PARTITION BY area_id ORDER BY at DESC) AS age
    FROM occupancy.headcounts
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    WINDOW around AS (PARTITION BY area_id, production_day ORDER BY at)
), newest AS (
    SELECT * FROM course WHERE age = 1 AND at > %(now)s - interval '30 minutes'
)
SELECT 'unknown_is_not_a_number' AS check_name,
    jsonb_build_object('area_id', c.area_id, 'at', c.at, 'people', c.people, 'silent', c.silent_sources) AS failure
FROM course AS c
WHERE c.people < 0 OR c.people = 'NaN' OR (c.status = 'unknown') <> (c.people IS NULL)
    OR (cardinality(c.silent_sources) > 0 AND (c.status = 'known' OR c.door_people IS NOT NULL AND EXISTS (
        SELECT FROM occupancy.sources AS s
        WHERE s.organization_id = c.organization_id AND s.source_id = ANY (c.silent_sources) AND s.kind = 'door')))
UNION ALL
SELECT 'no_gap_in_the_course', jsonb_build_object('area_id', area_id, 'from', before_at, 'to', at) FROM course
WHERE at - before_at <> interval '10 minutes'
UNION ALL
SELECT 'all_areas_known', jsonb_build_object('area_id', area_id, 'at', at, 'status', status, 'silent', silent_sources)
FROM newest
WHERE status <> 'known'
UNION ALL
SELECT 'within_capacity', jsonb_build_object('area_id', n.area_id, 'at', n.at, 'people', n.people, 'capacity', a.capacity)
FROM newest AS n JOIN occupancy.areas AS a USING (organization_id, area_id)
WHERE round(n.people) > a.capacity
