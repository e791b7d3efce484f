-- Faces that wait to be indexed, in the order they came, of people with a consent in force alone.
SELECT f.face_key, f.snapshot
FROM identity.faces AS f
WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.status = 'waiting'
    AND (f.attempted_at IS NULL OR f.attempted_at < %(tried_before)s)
    AND EXISTS (
        SELECT FROM identity.consents AS c
        WHERE c.organization_id = f.organization_id AND c.person_id = f.person_id
            AND c.ended_at IS NULL AND %(now)s < c.valid_until)
ORDER BY f.enrolled_at, f.face_key
