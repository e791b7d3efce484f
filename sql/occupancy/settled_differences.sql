-- Doors less badges, every ten minutes of the time that the corrections between two moments have settled, freed of the
-- drift that they found: what the doors missed is spread over the time in which they missed it.
SELECT h.area_id, h.at,
    h.door_people - h.with_badge - c.drift * coalesce(h.drift_variance / nullif(c.total, 0), 0) AS people,
    coalesce(h.drift_variance * (c.total - h.drift_variance) / nullif(c.total, 0), 0) AS variance
FROM (
    SELECT organization_id, area_id, corrected_at, (evidence ->> 'counted_since')::timestamptz AS counted_since,
        people_before - (evidence -> 'after' ->> 'people')::float8 AS drift, (evidence ->> 'drift_variance')::float8 AS total
    FROM occupancy.headcount_corrections
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND corrected_at > %(since)s AND corrected_at <= %(until)s
        AND people_before IS NOT NULL AND reason IN ('reconciled', 'nobody_expected')
) AS c
JOIN occupancy.headcounts AS h
    ON h.organization_id = c.organization_id AND h.area_id = c.area_id
    AND h.at > c.counted_since AND h.at <= c.corrected_at
WHERE h.door_people IS NOT NULL AND h.drift_variance <= c.total
ORDER BY h.at, h.area_id
