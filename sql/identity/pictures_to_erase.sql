-- Pictures that an erasure has yet to delete.
SELECT ref FROM identity.erasure_work
WHERE organization_id = (SELECT warehouse.current_organization()) AND erasure_id = %(erasure_id)s AND kind = 'snapshot'
ORDER BY ref
