-- Staged events that became none: of a source that nobody registered, or saying something else than the event with their key.
SELECT e.place, CASE WHEN s.source_id IS NULL THEN 'source_unknown' ELSE 'event_contradicts' END AS reason
FROM staged_events AS e
LEFT JOIN occupancy.sources AS s ON s.organization_id = (SELECT warehouse.current_organization()) AND s.source_id = e.source_id
LEFT JOIN occupancy.occupancy_log AS known
    ON known.organization_id = s.organization_id AND known.source_id = e.source_id
    AND known.observed_at = e.observed_at AND known.event_id = e.event_id
WHERE s.source_id IS NULL
    OR (known.kind, known.direction, known.people, known.label) IS DISTINCT FROM (e.kind, e.direction, e.people, e.label)
ORDER BY e.place
