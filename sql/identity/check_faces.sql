-- Failures of identity.faces, of all days: a face has none.
SELECT 'somebody_agreed' AS check_name, jsonb_build_object(
    'face_key', f.face_key, 'person_id', f.person_id, 'enrolled_at', f.enrolled_at) AS failure
FROM identity.faces AS f
WHERE f.organization_id = (SELECT warehouse.current_organization()) AND f.status IN ('waiting', 'indexed')
    AND NOT EXISTS (
        SELECT FROM identity.consents AS c
        WHERE c.organization_id = f.organization_id AND c.person_id = f.person_id
            AND c.given_at <= %(now)s
            AND least(c.ended_at, c.valid_until) > %(now)s - interval '2 hours')
UNION ALL
SELECT 'findable_faces_are_complete', jsonb_build_object('face_key', face_key, 'matcher', matcher)
FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'indexed'
    AND CASE matcher WHEN 'rekognition' THEN face_id IS NULL OR collection IS NULL ELSE template IS NULL END
UNION ALL
SELECT 'indexed_in_time', jsonb_build_object('face_key', face_key, 'enrolled_at', enrolled_at)
FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'waiting' AND enrolled_at < %(now)s - interval '1 day'
