-- These faces of an erasure are gone from their matcher: their rows go too.
WITH gone AS (
    DELETE FROM identity.erasure_work
    WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s AND kind = 'face' AND ref = ANY(%(refs)s)
    RETURNING ref
)
DELETE FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND face_key = ANY(SELECT ref::uuid FROM gone)
