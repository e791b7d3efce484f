-- Doors less badges, every ten minutes of the days, freed of the drift that the correction after it found: what the doors
-- missed until then is spread over the time in which they missed it. Only where a correction has settled it.
SELECT h.production_day, h.area_id, h.at,
    h.door_people - h.with_badge
        - (c.people_before - (c.evidence -> 'after' ->> 'people')::float8) * h.drift_variance / nullif(d.total, 0) AS people,
    h.drift_variance * (d.total - h.drift_variance) / nullif(d.total, 0) AS variance
FROM occupancy.headcounts AS h
CROSS JOIN LATERAL (
    SELECT * FROM occupancy.headcount_corrections AS n
    WHERE n.organization_id = h.organization_id AND n.area_id = h.area_id AND n.corrected_at >= h.at
    ORDER BY n.corrected_at
    LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT (c.evidence ->> 'drift_variance')::float8 AS total) AS d
WHERE h.organization_id = (SELECT warehouse.current_organization())
    AND h.production_day BETWEEN %(first)s AND %(last)s
    AND h.door_people IS NOT NULL
    AND c.people_before IS NOT NULL AND c.reason IN ('reconciled', 'nobody_expected')
    AND h.drift_variance <= d.total AND h.at > (c.evidence ->> 'counted_since')::timestamptz
ORDER BY h.production_day, h.at, h.area_id
