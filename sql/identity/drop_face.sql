-- Forgets an enrolment that gave no face.
DELETE FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND face_key = %(face_key)s AND status IN ('waiting', 'no_face')
