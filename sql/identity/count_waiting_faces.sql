-- How many faces wait to be indexed.
SELECT count(*) AS waiting FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'waiting'
