-- One pull decided upon: the record that makes deciding twice a no-op.
INSERT INTO alerts.evaluations (
    stream, pull_id, production_day, pulled_at, evaluated_at, policy, breach_count, opened_count, resolved_count,
    escalated_count, message_count, unaddressed_count
)
VALUES (
    %(stream)s, %(pull_id)s, %(production_day)s, %(pulled_at)s, %(evaluated_at)s, %(policy)s, %(breach_count)s,
    %(opened_count)s, %(resolved_count)s, %(escalated_count)s, %(message_count)s, %(unaddressed_count)s
)
