-- Faces that an erasure has yet to remove from their matcher; one that is perhaps being indexed now waits a little.
SELECT f.face_key::text AS face_key, f.face_id, f.matcher, f.collection, f.attempted_at IS NOT NULL AS may_be_there
FROM identity.erasure_work AS w
JOIN identity.faces AS f ON f.organization_id = w.organization_id AND f.face_key = w.ref::uuid
WHERE w.organization_id = (SELECT warehouse.current_organization()) AND w.erasure_id = %(erasure_id)s AND w.kind = 'face'
    AND (f.face_id IS NOT NULL OR f.attempted_at IS NULL OR f.matcher = 'local' OR f.attempted_at < %(tried_before)s)
ORDER BY f.matcher, f.collection, f.face_key
