-- Every consent of a person, ended ones with who, when and why; the newest first.
SELECT *, ended_at IS NULL AND given_at <= %(now)s AND %(now)s < valid_until AS in_force
FROM identity.consents
WHERE organization_id = (SELECT warehouse.current_organization()) AND person_id = %(person_id)s
ORDER BY consent_id DESC
LIMIT 200
