-- An erasure with nothing left to do is complete; otherwise one more attempt is counted, with what was in its way.
UPDATE identity.erasures AS e
SET attempts = attempts + 1, last_error = %(error)s,
    completed_at = CASE WHEN left_over.nothing THEN %(now)s END
FROM (
    SELECT NOT EXISTS (
        SELECT FROM identity.erasure_work WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s
    ) AND NOT EXISTS (
        SELECT FROM identity.recognitions WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s
    ) AS nothing
) AS left_over
WHERE e.organization_id = (SELECT warehouse.current_organization()) AND e.erasure_id = %(erasure_id)s AND e.completed_at IS NULL
RETURNING completed_at
