-- The newest correction of each area up to a moment, not older than %(since)s.
SELECT DISTINCT ON (area_id) area_id, corrected_at, people_after, evidence -> 'after' AS after
FROM occupancy.headcount_corrections
WHERE organization_id = (SELECT warehouse.current_organization()) AND corrected_at > %(since)s AND corrected_at <= %(until)s
ORDER BY area_id, corrected_at DESC
