-- All terminals and where they lead.
SELECT source, device, area_id, door_id FROM occupancy.terminals
WHERE organization_id = (SELECT warehouse.current_organization())
ORDER BY source, device
