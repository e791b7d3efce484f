-- Takes the events of a source that was unknown when they came off the refusals, within the transaction that registers it.
DELETE FROM occupancy.refusals
WHERE organization_id = (SELECT warehouse.current_organization()) AND source_id = %(source_id)s AND reason = 'source_unknown'
RETURNING event
