-- Registers a terminal or changes it.
INSERT INTO occupancy.terminals AS known (source, device, area_id, door_id)
VALUES (%(source)s, %(device)s, %(area_id)s, %(door_id)s)
ON CONFLICT (organization_id, source, device) DO UPDATE SET area_id = excluded.area_id, door_id = excluded.door_id
RETURNING source, device, area_id, door_id
