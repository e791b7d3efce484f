-- The plant's headcount at each moment of these production days; NULL where an area was unknown.
SELECT at, CASE WHEN count(*) = count(people) THEN sum(people) END AS people
FROM occupancy.headcounts
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND area_id = ANY(%(areas)s)
GROUP BY at
ORDER BY at
