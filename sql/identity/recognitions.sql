-- What was recognised in the last hours, the newest first.
SELECT event_id, seen_at, device, purpose, matcher, outcome, person_id, similarity_pct, snapshot, waited, punch_direction,
    punched_at
FROM identity.recognitions
WHERE organization_id = (SELECT warehouse.current_organization()) AND seen_at >= %(since)s
    AND (%(device)s::text IS NULL OR device = %(device)s) AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY seen_at DESC, event_id
LIMIT %(limit)s
