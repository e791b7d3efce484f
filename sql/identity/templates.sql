-- What the local matcher compares with.
SELECT face_key::text AS face_key, template_kind, template
FROM identity.faces
WHERE organization_id = (SELECT warehouse.current_organization()) AND status = 'indexed' AND template IS NOT NULL
ORDER BY face_key
