-- Takes a plate off the queue of unknown ones.
UPDATE gate.unknown_plates
SET settled_at = %(now)s, settled_by = %(officer)s, settlement = %(settlement)s
WHERE organization_id = warehouse.current_organization() AND plate = %(plate)s AND settled_at IS NULL
RETURNING plate
