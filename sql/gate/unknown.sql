-- Unknown plates that wait for a decision, the latest first.
SELECT plate, first_seen_at, last_seen_at, sightings, last_gate_id, resembles
FROM gate.unknown_plates
WHERE organization_id = warehouse.current_organization() AND settled_at IS NULL
ORDER BY last_seen_at DESC, plate
LIMIT %(limit)s
