-- Ends the consents of a person that still run: one purpose's, or all of them.
UPDATE identity.consents
SET ended_at = %(now)s, ended_by = %(by)s, ended_reason = %(reason)s
WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s
    AND (%(purpose)s::text IS NULL OR purpose = %(purpose)s) AND ended_at IS NULL
RETURNING consent_id
