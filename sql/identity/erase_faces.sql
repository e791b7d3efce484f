-- Makes all faces of a person unfindable here at once, and notes what is left to remove elsewhere.
WITH doomed AS (
    SELECT organization_id, face_key, snapshot FROM identity.faces
    WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s AND status <> 'erasing'
    FOR UPDATE
), of_faces AS (
    INSERT INTO identity.erasure_work (erasure_id, kind, ref)
    SELECT %(erasure_id)s, 'face', face_key::text FROM doomed
), of_pictures AS (
    INSERT INTO identity.erasure_work (erasure_id, kind, ref)
    SELECT %(erasure_id)s, 'snapshot', snapshot FROM doomed WHERE snapshot IS NOT NULL
    ON CONFLICT DO NOTHING
), marked AS (
    UPDATE identity.faces AS f SET status = 'erasing', template = NULL, template_kind = NULL, snapshot = NULL
    FROM doomed AS d
    WHERE f.organization_id = d.organization_id AND f.face_key = d.face_key
)
UPDATE identity.erasures SET face_count = face_count + (SELECT count(*) FROM doomed)
WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s
