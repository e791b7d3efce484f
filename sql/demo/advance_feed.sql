-- Everything up to here has been sent.
UPDATE demo.feed SET fed_until = greatest(fed_until, %(fed_until)s)
WHERE organization_id = (SELECT warehouse.current_organization())
