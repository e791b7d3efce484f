-- All corrections after one moment, up to another.
SELECT area_id, corrected_at, people_before, people_after, reason, evidence, evidence -> 'after' AS after
FROM occupancy.headcount_corrections
WHERE organization_id = (SELECT warehouse.current_organization()) AND corrected_at > %(since)s AND corrected_at <= %(until)s
ORDER BY corrected_at, area_id
