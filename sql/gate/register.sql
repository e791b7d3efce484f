-- A new line; none where the plate stands on that list already. A line that is over makes room (see retire_over.sql).
INSERT INTO gate.vehicle_list (plate, kind, reason, officer, valid_from, valid_until, entered_at)
VALUES (%(plate)s, %(kind)s, %(reason)s, %(officer)s, %(valid_from)s, %(valid_until)s, %(now)s)
ON CONFLICT (organization_id, plate, kind) WHERE withdrawn_at IS NULL DO NOTHING
RETURNING entry_id, plate, kind, reason, officer, valid_from, valid_until
