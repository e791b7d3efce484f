-- Says that indexing begins; no row: the face was erased meanwhile, or another process has it.
UPDATE identity.faces SET attempted_at = %(now)s
WHERE organization_id = (SELECT warehouse.current_organization()) AND face_key = %(face_key)s AND status = 'waiting'
    AND (attempted_at IS NULL OR attempted_at < %(tried_before)s)
RETURNING face_key
