-- Takes the days that new punches touched off the queue, within the transaction that computes them.
DELETE FROM attendance.touched_days
WHERE organization_id = (SELECT warehouse.current_organization())
RETURNING employee_id, day
