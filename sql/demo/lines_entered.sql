-- Lines that the simulated office has entered into the vehicle lists, withdrawn ones included.
SELECT plate, kind, valid_from FROM gate.vehicle_list
WHERE organization_id = (SELECT warehouse.current_organization()) AND officer = %(officer)s
