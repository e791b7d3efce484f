-- The scoreboard: how far our tables, alerts and forecasts are from the simulated factory's truth, each time it was asked.
-- depends: 0001_foundation

CREATE SCHEMA demo AUTHORIZATION factory_owner;

CREATE TABLE demo.scoreboard (
    computed_at timestamptz NOT NULL,
    name text NOT NULL,
    value float8,
    unit text NOT NULL,
    bar float8,
    met boolean,
    detail text NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, computed_at, name)
);
COMMENT ON TABLE demo.scoreboard IS 'Our error on every claim, measured against the truth of the simulated factory.';
COMMENT ON COLUMN demo.scoreboard.value IS 'NULL where there was nothing to measure yet; detail says why.';
COMMENT ON COLUMN demo.scoreboard.bar IS 'What the value is held against; NULL where it is only told.';
COMMENT ON COLUMN demo.scoreboard.met IS 'NULL where there is no value or no bar.';
SELECT warehouse.make_hypertable('demo.scoreboard', 'computed_at', '30 days');

SELECT warehouse.grant_schema('demo');
