-- Failures of identity.recognitions.
WITH seen AS (
    SELECT * FROM identity.recognitions
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT 'named_by_consent' AS check_name, jsonb_build_object(
    'event_id', s.event_id, 'seen_at', s.seen_at, 'person_id', s.person_id, 'purpose', s.purpose) AS failure
FROM seen AS s
WHERE s.person_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM identity.consents AS c
    WHERE c.organization_id = s.organization_id AND c.person_id = s.person_id AND c.purpose = s.purpose
        AND c.given_at <= s.seen_at AND s.seen_at < c.valid_until
        AND (c.ended_at IS NULL OR c.ended_at > s.seen_at))
UNION ALL
SELECT 'times_are_possible', jsonb_build_object('event_id', event_id, 'seen_at', seen_at, 'device', device)
FROM seen
WHERE seen_at > %(now)s + interval '5 minutes'
UNION ALL
SELECT 'punches_are_handed_over', jsonb_build_object('event_id', event_id, 'seen_at', seen_at, 'device', device)
FROM seen
WHERE punch_direction IS NOT NULL AND punched_at IS NULL AND ingested_at < %(now)s - interval '1 hour'
UNION ALL
SELECT 'cameras_see_faces', jsonb_build_object(
    'device', device, 'pictures', count(*), 'without_face', count(*) FILTER (WHERE outcome = 'no_face'))
FROM seen
GROUP BY device
HAVING count(*) >= 20 AND count(*) FILTER (WHERE outcome = 'no_face') > 0.5 * count(*)
