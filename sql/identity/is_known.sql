-- Whether anything of a person is here.
SELECT EXISTS (SELECT FROM identity.consents WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s AND ended_at IS NULL)
    OR EXISTS (SELECT FROM identity.faces WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s)
    OR EXISTS (SELECT FROM identity.recognitions WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s) AS is_known
