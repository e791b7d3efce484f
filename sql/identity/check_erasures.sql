-- Failures of identity.erasures, of all days: an erasure has none.
WITH erased AS (
    SELECT person_id, max(completed_at) AS completed_at FROM identity.erasures
    WHERE organization_id = (SELECT warehouse.current_organization()) AND completed_at IS NOT NULL
    GROUP BY person_id
)
SELECT 'nothing_is_left' AS check_name, jsonb_build_object('person_id', e.person_id, 'completed_at', e.completed_at, 'left', 'a face') AS failure
FROM erased AS e
WHERE EXISTS (
    SELECT FROM identity.faces AS f
    WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.person_id = e.person_id AND f.enrolled_at < e.completed_at)
UNION ALL
SELECT 'nothing_is_left', jsonb_build_object('person_id', e.person_id, 'completed_at', e.completed_at, 'left', 'a recognition')
FROM erased AS e
WHERE EXISTS (
    SELECT FROM identity.recognitions AS r
    WHERE r.organization_id = (SELECT warehouse.current_organization()) AND r.person_id = e.person_id AND r.seen_at < e.completed_at)
UNION ALL
SELECT 'done_in_time', jsonb_build_object(
    'erasure_id', erasure_id, 'person_id', person_id, 'requested_at', requested_at, 'attempts', attempts, 'last_error', last_error)
FROM identity.erasures
WHERE organization_id = (SELECT warehouse.current_organization()) AND completed_at IS NULL AND requested_at < %(now)s - interval '1 day'
