-- Headcount: which terminal leads into which area, how many were inside every ten minutes, and what days have taught.
-- depends: 0009_occupancy

CREATE TABLE occupancy.terminals (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source text NOT NULL CHECK (source <> ''),
    device text NOT NULL,
    area_id text NOT NULL,
    door_id text,
    PRIMARY KEY (organization_id, source, device),
    FOREIGN KEY (organization_id, area_id) REFERENCES occupancy.areas,
    FOREIGN KEY (organization_id, door_id) REFERENCES occupancy.sources
);
COMMENT ON TABLE occupancy.terminals IS 'Where a punch leads: source and device as in attendance.punches, and the area behind it.';
COMMENT ON COLUMN occupancy.terminals.door_id IS
    'Door whose counter sees who punches here; NULL where the terminal does not stand at a door.';

CREATE TABLE occupancy.headcounts (
    production_day date NOT NULL,
    area_id text NOT NULL,
    at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('known', 'degraded', 'unknown')),
    people float8 CHECK (people >= 0),
    people_sd float8 CHECK (people_sd >= 0),
    door_people float8 CHECK (door_people >= 0),
    door_sd float8,
    badge_people float8,
    badge_sd float8,
    with_badge float8 NOT NULL CHECK (with_badge >= 0),
    drift_variance float8 NOT NULL CHECK (drift_variance >= 0),
    silent_sources text[] NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, at),
    CHECK ((status = 'unknown') = (people IS NULL)),
    CHECK ((people IS NULL) = (people_sd IS NULL))
);
CREATE INDEX headcounts_by_day ON occupancy.headcounts (organization_id, production_day);
COMMENT ON TABLE occupancy.headcounts IS 'How many were inside each area every ten minutes, by doors and badges together, and by each.';
COMMENT ON COLUMN occupancy.headcounts.people IS 'Expected number; NULL: nobody can say.';
COMMENT ON COLUMN occupancy.headcounts.door_people IS 'By the doors (or cameras) alone; NULL where one was silent.';
COMMENT ON COLUMN occupancy.headcounts.badge_people IS 'By badges and roster, and what is usual of those without a badge; NULL where no terminal leads there.';
COMMENT ON COLUMN occupancy.headcounts.drift_variance IS 'Variance of what the doors have missed since they were last corrected.';

CREATE TABLE occupancy.headcount_learning (
    production_day date NOT NULL,
    observed jsonb NOT NULL,
    knowledge jsonb NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day)
);
COMMENT ON TABLE occupancy.headcount_learning IS 'What each day showed of doors and people, and what is known of them after it.';

SELECT warehouse.grant_schema('occupancy');

-- A correction was made: it is followed by others, never changed.
REVOKE UPDATE, DELETE ON occupancy.headcount_corrections FROM factory_writer;
REVOKE UPDATE, DELETE ON occupancy.occupancy_log FROM factory_writer;
