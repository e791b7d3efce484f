-- Areas that a terminal leads into.
SELECT DISTINCT area_id FROM occupancy.terminals
WHERE organization_id = (SELECT warehouse.current_organization())
