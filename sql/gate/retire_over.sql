-- Closes a line of this plate and kind whose time is over, so that a new one can be entered.
UPDATE gate.vehicle_list
SET withdrawn_at = %(now)s, withdrawn_by = 'gate', withdrawn_reason = 'its time was over'
WHERE organization_id = warehouse.current_organization() AND plate = %(plate)s AND kind = %(kind)s
    AND withdrawn_at IS NULL AND valid_until <= %(now)s
