-- Takes the days (or months) to be added up anew off the queue, within the transaction that does it.
DELETE FROM occupancy.touched_days
WHERE organization_id = (SELECT warehouse.current_organization()) AND level = %(level)s
RETURNING first_day
