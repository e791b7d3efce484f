-- The picture shows no face, or the matcher does not take it: nothing is kept but that.
UPDATE identity.faces SET status = 'no_face', snapshot = NULL
WHERE organization_id = (SELECT warehouse.current_organization()) AND face_key = %(face_key)s AND status = 'waiting'
