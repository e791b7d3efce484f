-- Failures of occupancy.headcount_corrections between two production days.
WITH made AS (
    SELECT area_id, corrected_at, people_before, people_after, reason, evidence, jsonb_build_object(
        'area_id', area_id, 'corrected_at', corrected_at, 'people_before', people_before, 'people_after', people_after,
        'reason', reason) AS failure
    FROM occupancy.headcount_corrections
    WHERE organization_id = (SELECT warehouse.current_organization())
        AND corrected_at >= %(first)s::date AND corrected_at < %(last)s::date + 2
)
SELECT 'zero_only_where_nobody_is_expected' AS check_name, failure FROM made
WHERE reason = 'nobody_expected' AND (evidence ->> 'expected_with_badge')::float8 >= 0.5
UNION ALL
SELECT 'evidence_given', failure FROM made
WHERE reason IN ('nobody_expected', 'reconciled', 'first_anchor', 'doors_unknown', 'door_returned')
    AND (evidence -> 'after' -> 'people') IS NULL
UNION ALL
SELECT 'drift_is_explained', failure FROM made
WHERE reason IN ('nobody_expected', 'reconciled')
    AND abs(people_before - (evidence -> 'after' ->> 'people')::float8)
        > 4 * greatest(sqrt((evidence -> 'doors' ->> 'sd')::float8 ^ 2 + (evidence -> 'after' ->> 'sd')::float8 ^ 2), 1)
