-- Rows whose picture was deleted by age name it no longer.
UPDATE identity.recognitions SET snapshot = NULL
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day < %(before)s AND snapshot IS NOT NULL AND NOT snapshot = ANY(%(kept)s)
