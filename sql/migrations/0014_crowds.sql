-- How many people are expected to pass, hour by hour, and when far more came: per area, from what its doors counted on the days before.
-- depends: 0009_occupancy

CREATE TABLE occupancy.occupancy_forecast (
    production_day date NOT NULL,
    area_id text NOT NULL,
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    expected_entries float8 NOT NULL CHECK (expected_entries >= 0),
    expected_exits float8 NOT NULL CHECK (expected_exits >= 0),
    likely_entries integer NOT NULL,
    likely_exits integer NOT NULL,
    history_days integer NOT NULL CHECK (history_days >= 1),
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, hour_start),
    CHECK (hour_end > hour_start)
);
CREATE INDEX occupancy_forecast_by_day ON occupancy.occupancy_forecast (organization_id, production_day);
COMMENT ON TABLE occupancy.occupancy_forecast IS 'Entries and exits expected of each hour of a production day, made from days before it alone.';
COMMENT ON COLUMN occupancy.occupancy_forecast.likely_entries IS 'The whole number with the least absolute error.';

CREATE TABLE occupancy.unusual_crowds (
    production_day date NOT NULL,
    area_id text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    score float8 NOT NULL,
    threshold float8,
    is_alarm boolean NOT NULL,
    people_over float8 NOT NULL,
    entries bigint NOT NULL,
    exits bigint NOT NULL,
    expected_entries float8 NOT NULL,
    expected_exits float8 NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, started_at),
    CHECK (ended_at > started_at),
    CHECK (threshold IS NOT NULL OR NOT is_alarm)
);
CREATE INDEX unusual_crowds_by_day ON occupancy.unusual_crowds (organization_id, production_day);
COMMENT ON TABLE occupancy.unusual_crowds IS 'Hours in which more people passed than a usual day explains.';
COMMENT ON COLUMN occupancy.unusual_crowds.threshold IS 'Score that the crowds of the weeks before exceeded as often as alarms are allowed; NULL: too few weeks.';

SELECT warehouse.grant_schema('occupancy');
