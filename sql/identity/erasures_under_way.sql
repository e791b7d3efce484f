-- Erasures that are not complete, the oldest first.
SELECT erasure_id, person_id FROM identity.erasures
WHERE organization_id = (SELECT warehouse.current_organization()) AND completed_at IS NULL
ORDER BY erasure_id
