-- Occupancy: areas with their doors and cameras, what these said, and the hours, days and months that follow from it.
-- depends: 0001_foundation

CREATE SCHEMA occupancy AUTHORIZATION factory_owner;

CREATE TABLE occupancy.areas (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    area_id text NOT NULL CHECK (area_id <> ''),
    area_name text NOT NULL,
    capacity integer CHECK (capacity >= 1),
    parent_area_id text,
    start_people integer DEFAULT 0 CHECK (start_people >= 0),
    PRIMARY KEY (organization_id, area_id),
    FOREIGN KEY (organization_id, parent_area_id) REFERENCES occupancy.areas,
    CHECK (parent_area_id <> area_id)
);
COMMENT ON TABLE occupancy.areas IS 'Where people are counted.';
COMMENT ON COLUMN occupancy.areas.capacity IS 'How many may be inside; NULL: nobody has said.';
COMMENT ON COLUMN occupancy.areas.start_people IS
    'How many were inside before the first event of its doors; NULL: nobody knows, so only a count or a correction begins the count.';

CREATE TABLE occupancy.sources (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source_id text NOT NULL CHECK (source_id <> ''),
    area_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('camera', 'door')),
    max_silence_s integer NOT NULL DEFAULT 300 CHECK (max_silence_s BETWEEN 1 AND 86400),
    first_seen_at timestamptz,
    retired_at timestamptz,
    PRIMARY KEY (organization_id, source_id),
    FOREIGN KEY (organization_id, area_id) REFERENCES occupancy.areas
);
CREATE INDEX sources_of_area ON occupancy.sources (organization_id, area_id);
COMMENT ON TABLE occupancy.sources IS 'Doors (they count who passes) and cameras (they count whom they see), each of one area for good.';
COMMENT ON COLUMN occupancy.sources.max_silence_s IS 'So long after its last sign of life the source is unknown, until its next one.';
COMMENT ON COLUMN occupancy.sources.first_seen_at IS 'Its earliest event; before it the source is not there, and nothing waits for it.';
COMMENT ON COLUMN occupancy.sources.retired_at IS 'From here on nothing waits for it; NULL: in service.';

CREATE TABLE occupancy.occupancy_log (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source_id text NOT NULL,
    area_id text NOT NULL,
    observed_at timestamptz NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('count', 'crossing', 'heartbeat')),
    direction text CHECK (direction IN ('in', 'out')),
    people integer,
    label text NOT NULL DEFAULT 'person',
    track_id text,
    confidence float8 CHECK (confidence BETWEEN 0 AND 1),
    snapshot text,
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, source_id, observed_at, event_id),
    CHECK ((kind = 'crossing') = (direction IS NOT NULL)),
    CHECK (CASE kind WHEN 'heartbeat' THEN people IS NULL WHEN 'count' THEN people >= 0 ELSE people >= 1 END)
);
COMMENT ON TABLE occupancy.occupancy_log IS 'What doors and cameras said, each event once; append-only.';
COMMENT ON COLUMN occupancy.occupancy_log.event_id IS 'The sender''s own key: the same event sent again is the same event.';
COMMENT ON COLUMN occupancy.occupancy_log.people IS 'Of a count: how many are inside; of a crossing: how many passed; a heartbeat has none.';
COMMENT ON COLUMN occupancy.occupancy_log.label IS 'What was counted; only person changes an occupancy, anything is a sign of life.';
SELECT warehouse.make_hypertable('occupancy.occupancy_log', 'observed_at');

CREATE TABLE occupancy.refusals (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    refusal_id bigint GENERATED ALWAYS AS IDENTITY,
    source_id text NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    event jsonb NOT NULL,
    event_hash text NOT NULL,
    times integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, refusal_id),
    UNIQUE (organization_id, source_id, event_hash)
);
COMMENT ON TABLE occupancy.refusals IS
    'Events that are none, and events of sources that nobody has registered, as they came; the latter are taken in upon registration.';

CREATE TABLE occupancy.touched (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    touched_id bigint GENERATED ALWAYS AS IDENTITY,
    area_id text NOT NULL,
    source_id text NOT NULL,
    touched_from timestamptz NOT NULL,
    touched_until timestamptz NOT NULL,
    PRIMARY KEY (organization_id, touched_id),
    CHECK (touched_until >= touched_from)
);
COMMENT ON TABLE occupancy.touched IS
    'What has changed and no computation has seen yet. Without a key of its own content: whoever adds never waits for who computes.';
COMMENT ON COLUMN occupancy.touched.source_id IS 'Empty: the area itself (a correction).';

CREATE TABLE occupancy.headcount_corrections (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    area_id text NOT NULL,
    corrected_at timestamptz NOT NULL,
    people_before float8,
    people_after integer NOT NULL CHECK (people_after >= 0),
    reason text NOT NULL CHECK (reason <> ''),
    evidence jsonb NOT NULL DEFAULT '{}',
    ingested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, area_id, corrected_at),
    FOREIGN KEY (organization_id, area_id) REFERENCES occupancy.areas
);
COMMENT ON TABLE occupancy.headcount_corrections IS 'Events that set the count of an area with doors: at this instant so many are inside, and why.';
COMMENT ON COLUMN occupancy.headcount_corrections.people_before IS 'What the count was until then; NULL where it was unknown.';

CREATE FUNCTION occupancy.correction_touches() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO occupancy.touched (organization_id, area_id, source_id, touched_from, touched_until)
        VALUES (OLD.organization_id, OLD.area_id, '', OLD.corrected_at, OLD.corrected_at);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO occupancy.touched (organization_id, area_id, source_id, touched_from, touched_until)
        VALUES (NEW.organization_id, NEW.area_id, '', NEW.corrected_at, NEW.corrected_at);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION occupancy.correction_touches() IS 'A correction, also one made by hand in psql, has its hours computed anew.';
CREATE TRIGGER headcount_corrections_touch AFTER INSERT OR UPDATE OR DELETE ON occupancy.headcount_corrections
FOR EACH ROW EXECUTE FUNCTION occupancy.correction_touches();

CREATE TABLE occupancy.occupancy_hourly (
    production_day date NOT NULL,
    area_id text NOT NULL,
    source_id text NOT NULL,
    hour_start timestamptz NOT NULL,
    hour_end timestamptz NOT NULL,
    avg_occupancy float8,
    max_occupancy bigint,
    min_occupancy bigint,
    entries bigint,
    exits bigint,
    observed_min float8 NOT NULL CHECK (observed_min >= 0),
    surplus_exits bigint NOT NULL,
    closing_occupancy bigint,
    event_count bigint NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, source_id, hour_start),
    CHECK ((avg_occupancy IS NULL) = (max_occupancy IS NULL) AND (avg_occupancy IS NULL) = (min_occupancy IS NULL)),
    CHECK (hour_end > hour_start)
);
CREATE INDEX occupancy_hourly_by_day ON occupancy.occupancy_hourly (organization_id, production_day);
COMMENT ON TABLE occupancy.occupancy_hourly IS
    'One row an hour for each area (source_id empty) and each of its sources. What nobody observed is NULL, never 0.';
COMMENT ON COLUMN occupancy.occupancy_hourly.avg_occupancy IS 'Time-weighted over the observed part of the hour; NULL for a single door, which knows passages only.';
COMMENT ON COLUMN occupancy.occupancy_hourly.observed_min IS 'Minutes in which all that counts was alive and the count was known.';
COMMENT ON COLUMN occupancy.occupancy_hourly.surplus_exits IS 'People who left when nobody was inside: as many entries were missed.';
COMMENT ON COLUMN occupancy.occupancy_hourly.closing_occupancy IS 'The count with which the next hour begins, as last known.';

CREATE TABLE occupancy.occupancy_daily (
    production_day date NOT NULL,
    area_id text NOT NULL,
    source_id text NOT NULL,
    avg_occupancy float8,
    max_occupancy bigint,
    min_occupancy bigint,
    peak_hour timestamptz,
    entries bigint,
    exits bigint,
    observed_min float8 NOT NULL,
    observed_hours integer NOT NULL,
    surplus_exits bigint NOT NULL,
    event_count bigint NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, source_id, production_day)
);
CREATE INDEX occupancy_daily_by_day ON occupancy.occupancy_daily (organization_id, production_day);
COMMENT ON TABLE occupancy.occupancy_daily IS 'Hours added up by production day.';
COMMENT ON COLUMN occupancy.occupancy_daily.peak_hour IS 'Start of the earliest hour that reached the maximum.';

CREATE TABLE occupancy.occupancy_monthly (
    month date NOT NULL,
    area_id text NOT NULL,
    source_id text NOT NULL,
    avg_occupancy float8,
    max_occupancy bigint,
    min_occupancy bigint,
    peak_day date,
    entries bigint,
    exits bigint,
    observed_min float8 NOT NULL,
    observed_days integer NOT NULL,
    surplus_exits bigint NOT NULL,
    event_count bigint NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, area_id, source_id, month)
);
COMMENT ON TABLE occupancy.occupancy_monthly IS 'Production days added up by month; month is its first day.';

CREATE TABLE occupancy.touched_days (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    touched_id bigint GENERATED ALWAYS AS IDENTITY,
    level text NOT NULL CHECK (level IN ('day', 'month')),
    area_id text NOT NULL,
    first_day date NOT NULL,
    PRIMARY KEY (organization_id, touched_id)
);
COMMENT ON TABLE occupancy.touched_days IS 'Days whose hours, and months whose days, have been computed anew since they were added up.';

SELECT warehouse.grant_schema('occupancy');

-- What was said was said: whoever writes it may neither change nor remove it.
REVOKE UPDATE, DELETE ON occupancy.occupancy_log FROM factory_writer;
