-- These pictures of an erasure are gone.
WITH gone AS (
    DELETE FROM identity.erasure_work
    WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s AND kind = 'snapshot' AND ref = ANY(%(refs)s)
    RETURNING ref
)
UPDATE identity.erasures SET snapshot_count = snapshot_count + (SELECT count(*) FROM gone)
WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s
