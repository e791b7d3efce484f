-- From breach to delivery: alerts and their history, the outbox, every attempt to send, and each pull that was evaluated.
-- depends: 0001_foundation

CREATE SCHEMA alerts AUTHORIZATION factory_owner;

-- One row from the first sighting of a breach until it is over ('pending' is not an alert yet), and one per platform incident.
CREATE TABLE alerts.alerts (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    alert_id bigint GENERATED ALWAYS AS IDENTITY,
    stream text NOT NULL,
    rule text NOT NULL,
    subject text NOT NULL,
    subject_name text NOT NULL,
    production_day date,
    status text NOT NULL CHECK (status IN ('pending', 'open', 'acknowledged', 'resolved')),
    place jsonb NOT NULL DEFAULT '{}',
    value float8,
    threshold float8,
    recipient_name text,
    recipient_phone text,
    breaches jsonb NOT NULL DEFAULT '[]',
    title text,
    body text,
    occurrences integer NOT NULL DEFAULT 1 CHECK (occurrences >= 1),
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    streak integer NOT NULL DEFAULT 0,
    absent integer NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL,
    opened_at timestamptz,
    told text[] NOT NULL DEFAULT '{}',
    last_message_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    escalated_at timestamptz,
    resolved_at timestamptz,
    resolution text CHECK (resolution IN ('recovered', 'end_of_day', 'by_hand', 'incident_over')),
    PRIMARY KEY (organization_id, alert_id),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((resolved_at IS NULL) = (resolution IS NULL)),
    CHECK (status <> 'acknowledged' OR acknowledged_by IS NOT NULL)
);

CREATE UNIQUE INDEX alerts_one_while_it_lasts ON alerts.alerts (organization_id, stream, rule, subject) WHERE status <> 'resolved';
CREATE INDEX alerts_by_opening ON alerts.alerts (organization_id, opened_at DESC);
CREATE INDEX alerts_by_last_message ON alerts.alerts (organization_id, last_message_at) WHERE last_message_at IS NOT NULL;

-- What happened to an alert or a delivery, and who did it: the audit log. Rows are only ever added.
CREATE TABLE alerts.alert_events (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    event_id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    event text NOT NULL CHECK (event IN ('opened', 'acknowledged', 'escalated', 'resolved', 'raised_again', 'requeued')),
    actor text NOT NULL,
    alert_id bigint,
    delivery_id bigint,
    detail text,
    PRIMARY KEY (organization_id, event_id)
);

CREATE INDEX alert_events_by_alert ON alerts.alert_events (organization_id, alert_id);

-- Each pull is decided upon once.
CREATE TABLE alerts.evaluations (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    stream text NOT NULL,
    pull_id bigint NOT NULL,
    production_day date NOT NULL,
    pulled_at timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL,
    policy text NOT NULL,
    breach_count integer NOT NULL,
    opened_count integer NOT NULL,
    resolved_count integer NOT NULL,
    escalated_count integer NOT NULL,
    message_count integer NOT NULL,
    unaddressed_count integer NOT NULL,
    PRIMARY KEY (organization_id, stream, pull_id)
);

-- The outbox: what must be said, to whom, and what became of it.
CREATE TABLE alerts.alert_deliveries (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    delivery_id bigint GENERATED ALWAYS AS IDENTITY,
    dedupe_key text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('alert', 'digest', 'incident')),
    pull_id bigint,
    recipient_key text NOT NULL,
    recipient_name text,
    recipient_phone text,
    recipient_problem text,
    body text NOT NULL,
    template text,
    variables jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'sent', 'delivered', 'dead')),
    attempt_count integer NOT NULL DEFAULT 0,
    attempts_allowed_from integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    lease_until timestamptz,
    doubtful boolean NOT NULL DEFAULT false,
    needs_lookup boolean NOT NULL DEFAULT false,
    channel text,
    provider_message_id text,
    provider_status text,
    error_code text,
    error_text text,
    next_status_at timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    delivered_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, delivery_id),
    UNIQUE (organization_id, dedupe_key),
    CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
    CHECK (NOT needs_lookup OR doubtful)
);

COMMENT ON COLUMN alerts.alert_deliveries.doubtful IS
    'An attempt ended without a known result: it may have been sent more than once. The flag stays.';
COMMENT ON COLUMN alerts.alert_deliveries.needs_lookup IS
    'Ask the provider whether it has the message before sending it again.';
COMMENT ON COLUMN alerts.alert_deliveries.attempts_allowed_from IS
    'attempt_count when the delivery was last requeued by hand: the limit counts from there.';

CREATE INDEX alert_deliveries_due ON alerts.alert_deliveries (organization_id, next_attempt_at) WHERE status = 'queued';
CREATE INDEX alert_deliveries_leased ON alerts.alert_deliveries (organization_id, lease_until) WHERE status = 'sending';
CREATE INDEX alert_deliveries_to_poll ON alerts.alert_deliveries (organization_id, next_status_at) WHERE next_status_at IS NOT NULL;
CREATE INDEX alert_deliveries_troubled ON alerts.alert_deliveries (organization_id, status) WHERE status = 'dead' OR doubtful;
CREATE INDEX alert_deliveries_by_creation ON alerts.alert_deliveries (organization_id, created_at);
CREATE INDEX alert_deliveries_by_provider_id ON alerts.alert_deliveries (organization_id, provider_message_id)
WHERE provider_message_id IS NOT NULL;

CREATE TABLE alerts.delivery_alerts (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    delivery_id bigint NOT NULL,
    alert_id bigint NOT NULL,
    PRIMARY KEY (organization_id, delivery_id, alert_id),
    FOREIGN KEY (organization_id, delivery_id) REFERENCES alerts.alert_deliveries ON DELETE CASCADE,
    FOREIGN KEY (organization_id, alert_id) REFERENCES alerts.alerts ON DELETE CASCADE
);

CREATE INDEX delivery_alerts_by_alert ON alerts.delivery_alerts (organization_id, alert_id);

-- Committed before the provider is called; an attempt without a result is one whose outcome nobody knows.
CREATE TABLE alerts.delivery_attempts (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    attempt_id bigint GENERATED ALWAYS AS IDENTITY,
    delivery_id bigint NOT NULL,
    attempt_no integer NOT NULL,
    channel text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'found', 'transient', 'permanent', 'doubtful')),
    provider_message_id text,
    error_code text,
    error_text text,
    PRIMARY KEY (organization_id, attempt_id),
    UNIQUE (organization_id, delivery_id, attempt_no),
    FOREIGN KEY (organization_id, delivery_id) REFERENCES alerts.alert_deliveries ON DELETE CASCADE,
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
);

CREATE INDEX delivery_attempts_by_provider_id ON alerts.delivery_attempts (organization_id, provider_message_id)
WHERE provider_message_id IS NOT NULL;

SELECT warehouse.grant_schema('alerts');
-- What happened to an alert is on record for good.
REVOKE UPDATE, DELETE ON alerts.alert_events FROM factory_writer;
