-- Ends the consents whose time is over.
UPDATE identity.consents SET ended_at = valid_until, ended_by = 'schedule', ended_reason = 'expired'
WHERE organization_id = (SELECT warehouse.current_organization()) AND ended_at IS NULL AND valid_until <= %(now)s
RETURNING person_id
