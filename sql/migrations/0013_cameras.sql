-- Cameras: which there are beside those of the file, how each fares, and minute by minute what came of it.
-- depends: 0001_foundation

CREATE SCHEMA cameras AUTHORIZATION factory_owner;

CREATE TABLE cameras.cameras (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    camera_name text NOT NULL CHECK (camera_name ~ '^[a-z0-9_]+$'),
    definition jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (organization_id, camera_name)
);
COMMENT ON TABLE cameras.cameras IS 'Cameras registered through the API; those of the configuration file are not here.';
COMMENT ON COLUMN cameras.cameras.definition IS 'Fields of cameras.config.CameraConfig without name and address.';

CREATE TABLE cameras.addresses (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    camera_name text NOT NULL,
    source_url text NOT NULL,
    PRIMARY KEY (organization_id, camera_name),
    FOREIGN KEY (organization_id, camera_name) REFERENCES cameras.cameras ON DELETE CASCADE
);
COMMENT ON TABLE cameras.addresses IS 'Addresses, which may hold passwords: no reader sees them.';

CREATE TABLE cameras.status (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    camera_name text NOT NULL,
    role text NOT NULL,
    state text NOT NULL,
    reason text,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    last_frame_at timestamptz,
    stale_after_s float8 NOT NULL,
    is_fresh boolean NOT NULL,
    fps float8,
    width integer,
    height integer,
    reconnects integer NOT NULL,
    worker text NOT NULL,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, camera_name)
);
COMMENT ON TABLE cameras.status IS 'Each camera as its worker saw it last; when that is long ago nobody knows.';

CREATE TABLE cameras.minutes (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    camera_name text NOT NULL,
    minute_start timestamptz NOT NULL,
    worker_started_at timestamptz NOT NULL,
    production_day date NOT NULL,
    hour_start timestamptz NOT NULL,
    watched_s float8 NOT NULL CHECK (watched_s BETWEEN 0 AND 61),
    fresh_s float8 NOT NULL CHECK (fresh_s BETWEEN 0 AND watched_s + 0.001),
    captured_count integer NOT NULL CHECK (captured_count >= 0),
    processed_count integer NOT NULL CHECK (processed_count >= 0),
    damaged_count integer NOT NULL CHECK (damaged_count >= 0),
    overwritten_count integer NOT NULL CHECK (overwritten_count >= 0),
    failed_count integer NOT NULL CHECK (failed_count >= 0),
    reconnect_count integer NOT NULL CHECK (reconnect_count >= 0),
    reason text,
    PRIMARY KEY (organization_id, camera_name, minute_start, worker_started_at)
);
COMMENT ON TABLE cameras.minutes IS 'What the worker counted in each minute, each once; append-only.';
COMMENT ON COLUMN cameras.minutes.watched_s IS 'Seconds in which the worker was there to look.';
COMMENT ON COLUMN cameras.minutes.fresh_s IS 'Of those, seconds with a fresh picture.';
COMMENT ON COLUMN cameras.minutes.reason IS 'Why it was dark last within the minute; NULL where it was not.';
SELECT warehouse.make_hypertable('cameras.minutes', 'minute_start');

CREATE TABLE cameras.hourly (
    production_day date NOT NULL,
    hour_start timestamptz NOT NULL,
    camera_name text NOT NULL,
    watched_s float8 NOT NULL,
    fresh_s float8 NOT NULL,
    available_pct float8,
    captured_count bigint NOT NULL,
    processed_count bigint NOT NULL,
    damaged_count bigint NOT NULL,
    overwritten_count bigint NOT NULL,
    failed_count bigint NOT NULL,
    reconnect_count bigint NOT NULL,
    captured_fps float8,
    processed_fps float8,
    dark_minutes_by_reason jsonb NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, hour_start, camera_name)
);
CREATE INDEX hourly_by_day ON cameras.hourly (organization_id, production_day);
COMMENT ON TABLE cameras.hourly IS 'Minutes added up by hour. Seconds nobody watched are neither fresh nor dark: they are unknown.';
COMMENT ON COLUMN cameras.hourly.available_pct IS 'Fresh seconds over watched seconds; NULL where nobody watched.';
COMMENT ON COLUMN cameras.hourly.captured_fps IS 'Pictures over fresh seconds; NULL where it was never fresh.';

SELECT warehouse.grant_schema('cameras');
REVOKE ALL ON cameras.addresses FROM factory_reader;
