-- Terminals that stand at a door.
SELECT source, device, door_id FROM occupancy.terminals
WHERE organization_id = (SELECT warehouse.current_organization()) AND door_id IS NOT NULL
