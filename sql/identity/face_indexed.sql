-- Indexing succeeded. A face that is being erased meanwhile keeps its number only, so that the erasure finds it.
UPDATE identity.faces
SET face_id = %(face_id)s, confidence_pct = %(confidence_pct)s, indexed_at = %(now)s,
    status = CASE status WHEN 'waiting' THEN 'indexed' ELSE status END,
    template = CASE status WHEN 'waiting' THEN %(template)s::bytea END,
    template_kind = CASE status WHEN 'waiting' THEN %(template_kind)s END,
    snapshot = CASE status WHEN 'waiting' THEN NULL ELSE snapshot END
WHERE organization_id = (SELECT warehouse.current_organization()) AND face_key = %(face_key)s
RETURNING status
