-- Whose faces these are, of people who have agreed to this purpose then and now; held so that no consent ends meanwhile.
SELECT f.face_key::text AS face_key, f.person_id
FROM identity.faces AS f
JOIN identity.consents AS c ON c.organization_id = f.organization_id AND c.person_id = f.person_id
WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.face_key = ANY(%(face_keys)s::uuid[]) AND f.status = 'indexed'
    AND c.purpose = %(purpose)s AND c.ended_at IS NULL
    AND c.given_at <= %(seen_at)s AND greatest(%(seen_at)s, %(now)s) < c.valid_until
FOR SHARE OF c
