-- What every domain stands on: whose rows these are, what this server can do, who may do what.
-- One set of migrations serves plain PostgreSQL, Timescale Apache and Timescale Community: the functions below hide the difference.

CREATE FUNCTION warehouse.current_organization() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('factory.organization_id', true), '')::uuid;

COMMENT ON FUNCTION warehouse.current_organization() IS
    'Organization of this session (GUC factory.organization_id, set by the pool); NULL when the session has not said.';

CREATE FUNCTION warehouse.edition() RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'timescaledb') THEN 'none'
    WHEN current_setting('timescaledb.license', true) = 'timescale' THEN 'community'
    ELSE 'apache'
END;

COMMENT ON FUNCTION warehouse.edition() IS 'What TimescaleDB this database has: none, apache or community.';

-- Which tables are meant to be hypertables, so that a server that gains the extension later can catch up.
CREATE TABLE warehouse.hypertable_intents (
    relation text PRIMARY KEY,
    time_column name NOT NULL,
    chunk interval NOT NULL
);

CREATE FUNCTION warehouse.make_hypertable(relation regclass, time_column name, chunk interval DEFAULT '7 days') RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO warehouse.hypertable_intents AS i (relation, time_column, chunk)
    VALUES (make_hypertable.relation::text, make_hypertable.time_column, make_hypertable.chunk)
    ON CONFLICT ON CONSTRAINT hypertable_intents_pkey DO NOTHING;
    IF warehouse.edition() = 'none' THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT FROM create_hypertable($1, by_range($2, $3), create_default_indexes => false, if_not_exists => true, migrate_data => true)'
    USING relation, time_column, chunk;
    RETURN true;
END
$$;

COMMENT ON FUNCTION warehouse.make_hypertable(regclass, name, interval) IS
    'Partitions a table by time where TimescaleDB is there; elsewhere only remembers the wish. Says whether it is a hypertable now.';

CREATE FUNCTION warehouse.compress_after(relation regclass, segment_by text, age interval) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF warehouse.edition() <> 'community' THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L)', relation, segment_by);
    EXECUTE 'SELECT add_compression_policy($1, $2, if_not_exists => true)' USING relation, age;
    RETURN true;
END
$$;

COMMENT ON FUNCTION warehouse.compress_after(regclass, text, interval) IS
    'Compresses old chunks where the edition can; no result depends on it. Says whether it did.';

CREATE FUNCTION warehouse.grant_schema(target name) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO factory_writer, factory_reader', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO factory_writer', target);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO factory_writer', target);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO factory_reader', target);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO factory_writer', target);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO factory_writer', target);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO factory_reader', target);
END
$$;

COMMENT ON FUNCTION warehouse.grant_schema(name) IS
    'Opens a domain''s schema: the writer changes rows but no tables, the reader reads.';

GRANT USAGE ON SCHEMA warehouse TO factory_writer, factory_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO factory_writer, factory_reader;
