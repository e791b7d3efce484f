-- How far the simulated people and vehicles have been told to the domains.
-- depends: 0006_demo

CREATE TABLE demo.feed (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    fed_from timestamptz NOT NULL,
    fed_until timestamptz NOT NULL,
    vehicles_from timestamptz NOT NULL,
    PRIMARY KEY (organization_id),
    CHECK (fed_until >= fed_from)
);
COMMENT ON TABLE demo.feed IS 'From when to when punches, crossings and plates of the simulated plant have been sent; one row.';
COMMENT ON COLUMN demo.feed.fed_from IS 'Beginning of a production day; the history of people begins here.';
COMMENT ON COLUMN demo.feed.fed_until IS 'Everything before this has been sent.';
COMMENT ON COLUMN demo.feed.vehicles_from IS 'The history of vehicles begins here.';

SELECT warehouse.grant_schema('demo');
