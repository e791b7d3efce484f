-- The consents of a person that count at this moment, held so that none ends within this transaction.
SELECT consent_id, purpose, valid_until
FROM identity.consents
WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s
    AND (%(purpose)s::text IS NULL OR purpose = %(purpose)s)
    AND ended_at IS NULL AND given_at <= %(now)s AND %(now)s < valid_until
ORDER BY consent_id
FOR SHARE
