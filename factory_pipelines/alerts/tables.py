"""The outbox and the decisions behind it, as the Dagster UI shows them."""

from factory_pipelines.orchestration.tables import Column, Table

ALERT_DELIVERIES = Table(
    "alerts",
    "alert_deliveries",
    {
        "organization_id": Column("uuid", "Whose message it is."),
        "delivery_id": Column("bigint", "Its number in the outbox."),
        "dedupe_key": Column("text", "The decision it comes from; each is taken once."),
        "kind": Column("text", "alert (one employee), digest or incident."),
        "pull_id": Column("bigint", "The pull it comes from; none for incidents.", nullable=True),
        "recipient_key": Column("text", "One key, one person."),
        "recipient_name": Column("text", "Who it is for; none for the operators.", nullable=True),
        "recipient_phone": Column("text", "E.164; none: it goes to the operators.", nullable=True),
        "recipient_problem": Column("text", "Why there is no usable number.", nullable=True),
        "body": Column("text", "The message as free text."),
        "template": Column("text", "The approved template that says the same.", nullable=True),
        "variables": Column("jsonb", "The template's variables."),
        "status": Column("text", "queued, sending, sent, delivered or dead."),
        "attempt_count": Column("integer", "Attempts to send it so far."),
        "attempts_allowed_from": Column("integer", "Attempts before it was last requeued by hand."),
        "next_attempt_at": Column("timestamp with time zone", "When it is due."),
        "lease_until": Column("timestamp with time zone", "A sending without result until then died.", nullable=True),
        "doubtful": Column("boolean", "It may have been sent more than once."),
        "needs_lookup": Column("boolean", "The provider is asked for it before it is sent again."),
        "channel": Column("text", "Where it was sent last.", nullable=True),
        "provider_message_id": Column("text", "The provider's id.", nullable=True),
        "provider_status": Column("text", "The provider's own word.", nullable=True),
        "error_code": Column("text", "The provider's code of the last failure.", nullable=True),
        "error_text": Column("text", "The last failure in words.", nullable=True),
        "next_status_at": Column("timestamp with time zone", "When the provider is asked about it.", nullable=True),
        "created_at": Column("timestamp with time zone", "When it was decided."),
        "sent_at": Column("timestamp with time zone", "When the provider took it.", nullable=True),
        "delivered_at": Column("timestamp with time zone", "When the recipient had it.", nullable=True),
        "updated_at": Column("timestamp with time zone", "The latest change."),
    },
)

EVALUATIONS = Table(
    "alerts",
    "evaluations",
    {
        "organization_id": Column("uuid", "Whose decision it is."),
        "stream": Column("text", "What was watched: the live pulls, or a replay of them."),
        "pull_id": Column("bigint", "The pull that was decided upon, once."),
        "production_day": Column("date", "Its production day."),
        "pulled_at": Column("timestamp with time zone", "When it was pulled."),
        "evaluated_at": Column("timestamp with time zone", "When it was decided upon."),
        "policy": Column("text", "digest, or seed: a message a breach."),
        "breach_count": Column("integer", "Employees below both thresholds."),
        "opened_count": Column("integer", "Alerts opened."),
        "resolved_count": Column("integer", "Alerts closed."),
        "escalated_count": Column("integer", "Alerts nobody had acknowledged in time."),
        "message_count": Column("integer", "Messages put into the outbox."),
        "unaddressed_count": Column("integer", "Of these, messages to somebody without a usable phone number."),
    },
)
