-- Recognitions that are punches and were not handed to attendance yet; each to one process.
SELECT event_id, seen_at, device, person_id, punch_direction
FROM identity.recognitions
WHERE organization_id = (SELECT warehouse.current_organization()) AND punch_direction IS NOT NULL AND punched_at IS NULL
ORDER BY seen_at, event_id
LIMIT 500
FOR UPDATE SKIP LOCKED
