-- Ends the line of this plate and kind.
UPDATE gate.vehicle_list
SET withdrawn_at = %(now)s, withdrawn_by = %(officer)s, withdrawn_reason = %(reason)s
WHERE organization_id = warehouse.current_organization() AND plate = %(plate)s AND kind = %(kind)s AND withdrawn_at IS NULL
RETURNING entry_id, plate, kind, reason, officer, valid_from, valid_until
