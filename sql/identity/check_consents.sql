-- Failures of identity.consents, of all days: a consent has none.
SELECT 'times_are_possible' AS check_name, jsonb_build_object(
    'consent_id', consent_id, 'person_id', person_id, 'given_at', given_at, 'valid_until', valid_until) AS failure
FROM identity.consents
WHERE organization_id = (SELECT warehouse.current_organization())
    AND (given_at > %(now)s + interval '5 minutes' OR valid_until > recorded_at + interval '3661 days')
UNION ALL
SELECT 'renewed_in_time', jsonb_build_object('person_id', person_id, 'valid_until', max(valid_until))
FROM identity.consents AS c
WHERE organization_id = (SELECT warehouse.current_organization()) AND ended_at IS NULL AND EXISTS (
    SELECT FROM identity.faces AS f
    WHERE f.organization_id = c.organization_id AND f.person_id = c.person_id AND f.status = 'indexed')
GROUP BY person_id
HAVING max(valid_until) > %(now)s AND max(valid_until) < %(now)s + interval '14 days'
