-- Where the feed stands; at its first start, where it begins.
WITH begun AS (
    INSERT INTO demo.feed (fed_from, fed_until, vehicles_from) VALUES (%(fed_from)s, %(fed_from)s, %(vehicles_from)s)
    ON CONFLICT (organization_id) DO NOTHING
    RETURNING fed_from, fed_until, vehicles_from
)
SELECT * FROM begun
UNION ALL
SELECT fed_from, fed_until, vehicles_from FROM demo.feed WHERE organization_id = (SELECT warehouse.current_organization())
LIMIT 1
