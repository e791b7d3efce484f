-- Each decision to say something enters the outbox once.
INSERT INTO alerts.alert_deliveries (
    dedupe_key, kind, pull_id, recipient_key, recipient_name, recipient_phone, recipient_problem, body, template, variables,
    next_attempt_at, created_at, updated_at
)
SELECT
    d.dedupe_key, d.kind, d.pull_id, d.recipient_key, d.recipient_name, d.recipient_phone, d.recipient_problem, d.body,
    d.template, d.variables, %(now)s, %(now)s, %(now)s
FROM jsonb_to_recordset(%(drafts)s) AS d (
    dedupe_key text, kind text, pull_id bigint, recipient_key text, recipient_name text, recipient_phone text,
    recipient_problem text, body text, template text, variables jsonb
)
ON CONFLICT (organization_id, dedupe_key) DO NOTHING
RETURNING dedupe_key, delivery_id
