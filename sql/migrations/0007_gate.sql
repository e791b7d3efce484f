-- The gate: whose plates they are and who said so, every decision, and the plates nobody knows yet.
-- depends: 0004_alerts

CREATE SCHEMA gate AUTHORIZATION factory_owner;

-- One line of a list. A line is withdrawn, never deleted or changed: the history is the table itself.
CREATE TABLE gate.vehicle_list (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    entry_id bigint GENERATED ALWAYS AS IDENTITY,
    plate text NOT NULL CHECK (plate ~ '^[A-Z0-9]{3,16}$'),
    kind text NOT NULL CHECK (kind IN ('authorized', 'blocked', 'temporary')),
    reason text NOT NULL CHECK (reason <> ''),
    officer text NOT NULL CHECK (officer <> ''),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    entered_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    PRIMARY KEY (organization_id, entry_id),
    CHECK (valid_until > valid_from),
    CHECK (kind <> 'temporary' OR valid_until IS NOT NULL),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
COMMENT ON TABLE gate.vehicle_list IS
    'Authorised, blocked and temporary plates, each line with its reason and officer; withdrawn lines stay as history.';
COMMENT ON COLUMN gate.vehicle_list.valid_until IS 'First instant at which the line no longer counts; NULL: until it is withdrawn.';

-- One line of a kind at a time: a second one would have to be withdrawn as well, and nobody would think of it.
CREATE UNIQUE INDEX vehicle_list_one_of_a_kind ON gate.vehicle_list (organization_id, plate, kind) WHERE withdrawn_at IS NULL;
CREATE INDEX vehicle_list_by_plate ON gate.vehicle_list (organization_id, plate, entry_id);

-- How often the lists have changed: what a memory of them is compared with.
CREATE TABLE gate.list_version (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization() PRIMARY KEY,
    version bigint NOT NULL
);
COMMENT ON TABLE gate.list_version IS 'Grows with every change of the vehicle lists; a gate reloads its memory when it differs.';

CREATE FUNCTION gate.lists_changed() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO gate.list_version AS known (organization_id, version)
    VALUES (coalesce(NEW.organization_id, OLD.organization_id), 1)
    ON CONFLICT (organization_id) DO UPDATE SET version = known.version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION gate.lists_changed() IS 'Counts a change of the lists, also one made by hand in psql.';

CREATE TRIGGER vehicle_list_changed AFTER INSERT OR UPDATE OR DELETE ON gate.vehicle_list
FOR EACH ROW EXECUTE FUNCTION gate.lists_changed();

CREATE TABLE gate.gate_events (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    event_id uuid NOT NULL,
    decided_at timestamptz NOT NULL,
    production_day date NOT NULL,
    hour_start timestamptz NOT NULL,
    gate_id text NOT NULL,
    direction text CHECK (direction IN ('in', 'out')),
    track_id bigint,
    raw_text text NOT NULL,
    read_count integer NOT NULL CHECK (read_count >= 1),
    confidence float8 CHECK (confidence BETWEEN 0 AND 1),
    valid boolean NOT NULL,
    plate text,
    format text,
    corrections integer NOT NULL,
    status text NOT NULL CHECK (status IN ('AUTHORIZED', 'BLOCKED', 'UNKNOWN')),
    reason text,
    list_entry_id bigint,
    opened boolean NOT NULL,
    is_repetition boolean NOT NULL,
    warning text,
    resembles text,
    confirmed boolean NOT NULL,
    source text NOT NULL,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, decided_at, event_id),
    CHECK (valid = (plate IS NOT NULL)),
    CHECK (valid = (reason IS NULL)),
    CHECK (NOT opened OR (valid AND status = 'AUTHORIZED'))
);
COMMENT ON TABLE gate.gate_events IS
    'Every decision of a gate, the refused reads and repetitions among them; append-only.';
COMMENT ON COLUMN gate.gate_events.hour_start IS 'Start of the hour on the plant''s clock, whose zone may be half an hour off UTC.';
COMMENT ON COLUMN gate.gate_events.raw_text IS 'What OCR read, the most confident read of several.';
COMMENT ON COLUMN gate.gate_events.reason IS 'Why the read was not valid; NULL for a valid one.';
COMMENT ON COLUMN gate.gate_events.opened IS 'The gate told the barrier to open. The database refuses it for whatever is not authorised.';
COMMENT ON COLUMN gate.gate_events.is_repetition IS 'The same vehicle was decided upon a moment before: no passage of its own.';
COMMENT ON COLUMN gate.gate_events.confirmed IS 'False: decided from memory alone, because the database was away; written later from the spool.';
CREATE INDEX gate_events_by_day ON gate.gate_events (organization_id, production_day);
CREATE INDEX gate_events_by_plate ON gate.gate_events (organization_id, plate, decided_at DESC) WHERE plate IS NOT NULL;
SELECT warehouse.make_hypertable('gate.gate_events', 'decided_at');

CREATE TABLE gate.unknown_plates (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    plate text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    sightings integer NOT NULL CHECK (sightings >= 1),
    last_gate_id text NOT NULL,
    resembles text,
    settled_at timestamptz,
    settled_by text,
    settlement text,
    PRIMARY KEY (organization_id, plate),
    CHECK ((settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (settlement IS NULL))
);
COMMENT ON TABLE gate.unknown_plates IS
    'Plates on no list that came to a gate: a queue for the office. A settled one that comes again waits again.';
CREATE INDEX unknown_plates_waiting ON gate.unknown_plates (organization_id, last_seen_at DESC) WHERE settled_at IS NULL;

CREATE TABLE gate.hourly (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    hour_start timestamptz NOT NULL,
    gate_id text NOT NULL,
    read_count integer NOT NULL,
    passage_count integer NOT NULL,
    in_count integer NOT NULL,
    out_count integer NOT NULL,
    authorized_count integer NOT NULL,
    blocked_count integer NOT NULL,
    unknown_count integer NOT NULL,
    opened_count integer NOT NULL,
    repetition_count integer NOT NULL,
    rejected_count integer NOT NULL,
    rejected_by_reason jsonb NOT NULL,
    corrected_count integer NOT NULL,
    warning_count integer NOT NULL,
    unconfirmed_count integer NOT NULL,
    mean_confidence float8,
    PRIMARY KEY (organization_id, production_day, hour_start, gate_id)
);
COMMENT ON TABLE gate.hourly IS 'What each gate saw in each hour.';
COMMENT ON COLUMN gate.hourly.passage_count IS 'Valid reads that were no repetition: vehicles.';
COMMENT ON COLUMN gate.hourly.mean_confidence IS 'Of passages, NULL where there was none.';
SELECT warehouse.make_hypertable('gate.hourly', 'production_day');

CREATE TABLE gate.daily (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    gate_id text NOT NULL,
    read_count integer NOT NULL,
    passage_count integer NOT NULL,
    distinct_plates integer NOT NULL,
    in_count integer NOT NULL,
    out_count integer NOT NULL,
    authorized_count integer NOT NULL,
    blocked_count integer NOT NULL,
    unknown_count integer NOT NULL,
    opened_count integer NOT NULL,
    rejected_count integer NOT NULL,
    unconfirmed_count integer NOT NULL,
    busiest_hour timestamptz,
    read_rate_pct float8,
    PRIMARY KEY (organization_id, production_day, gate_id)
);
COMMENT ON TABLE gate.daily IS 'What each gate saw in each production day.';
COMMENT ON COLUMN gate.daily.distinct_plates IS 'Different plates among the passages.';
COMMENT ON COLUMN gate.daily.busiest_hour IS 'Start of the hour with most passages, the first of several; NULL where there was none.';
COMMENT ON COLUMN gate.daily.read_rate_pct IS 'Valid reads over all reads, in percent.';
SELECT warehouse.make_hypertable('gate.daily', 'production_day');

SELECT warehouse.grant_schema('gate');

-- What was decided stays as it was decided.
REVOKE UPDATE, DELETE ON gate.gate_events FROM factory_writer;
