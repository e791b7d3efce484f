-- An unknown plate waits for the office; one that was settled and comes again waits again.
INSERT INTO gate.unknown_plates AS known (plate, first_seen_at, last_seen_at, sightings, last_gate_id, resembles)
VALUES (%(plate)s, %(decided_at)s, %(decided_at)s, 1, %(gate_id)s, %(resembles)s)
ON CONFLICT (organization_id, plate) DO UPDATE SET
    first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    sightings = known.sightings + 1,
    last_gate_id = excluded.last_gate_id,
    resembles = excluded.resembles,
    settled_at = NULL, settled_by = NULL, settlement = NULL
