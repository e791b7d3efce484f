-- Erasures, the newest first.
SELECT erasure_id, person_id, reason, requested_by, requested_at, face_count, snapshot_count, recognition_count, attempts,
    last_error, completed_at
FROM identity.erasures
WHERE organization_id = (SELECT warehouse.current_organization())
ORDER BY erasure_id DESC
LIMIT %(limit)s
