-- From when to when the simulated people and vehicles have been sent; no row before the first feed.
SELECT fed_from, fed_until, vehicles_from FROM demo.feed WHERE organization_id = (SELECT warehouse.current_organization())
