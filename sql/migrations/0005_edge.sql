-- The audit log of the edge API: who asked for what, when, and what came of it. Append-only for those who write it.
-- depends: 0001_foundation

CREATE SCHEMA edge AUTHORIZATION factory_owner;

CREATE TABLE edge.audit_log (
    audit_id bigint GENERATED ALWAYS AS IDENTITY,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    at timestamptz NOT NULL,
    actor text,
    client_host text,
    action text NOT NULL,
    path text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    status_code integer NOT NULL,
    error_code text,
    duration_ms float8 NOT NULL,
    request_id text NOT NULL,
    PRIMARY KEY (organization_id, at, audit_id)
);

COMMENT ON TABLE edge.audit_log IS
    'Every request that needs a key, answered or refused. Never a secret, a query string or a body.';
COMMENT ON COLUMN edge.audit_log.actor IS 'Name of the API key; NULL where the caller showed none that is known.';
COMMENT ON COLUMN edge.audit_log.action IS 'Method and route, such as POST /api/rtms/alerts/{alert_id}/acknowledge.';
COMMENT ON COLUMN edge.audit_log.path IS 'The path as called, so that the audit log names the alert.';
COMMENT ON COLUMN edge.audit_log.outcome IS 'done below 400, refused below 500, failed from there.';
COMMENT ON COLUMN edge.audit_log.request_id IS 'X-Request-ID of the answer; the same id stands in the JSON log.';

SELECT warehouse.make_hypertable('edge.audit_log', 'at');
SELECT warehouse.grant_schema('edge');

-- Whoever may add a line may not change or remove one. Age alone removes it, through the function below.
REVOKE UPDATE, DELETE ON edge.audit_log FROM factory_writer;

CREATE FUNCTION edge.prune_audit_log(keep_days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    removed bigint;
BEGIN
    IF keep_days < 1 THEN
        RAISE EXCEPTION 'the audit log is kept for at least one day, not %', keep_days;
    END IF;
    DELETE FROM edge.audit_log
    WHERE organization_id = warehouse.current_organization() AND at < now() - make_interval(days => keep_days);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

COMMENT ON FUNCTION edge.prune_audit_log(integer) IS
    'Removes lines of this session''s organization older than so many days; says how many.';

REVOKE EXECUTE ON FUNCTION edge.prune_audit_log(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.prune_audit_log(integer) TO factory_writer;
