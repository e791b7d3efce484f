-- One alert per incident while it lasts.
INSERT INTO alerts.alerts AS known (
    stream, rule, subject, subject_name, status, title, body, first_seen_at, last_seen_at, counted_at, opened_at,
    last_message_at
)
VALUES (
    %(stream)s, %(rule)s, %(subject)s, %(title)s, 'open', %(title)s, %(body)s, %(now)s, %(now)s, %(now)s, %(now)s, %(now)s
)
ON CONFLICT (organization_id, stream, rule, subject) WHERE status <> 'resolved' DO UPDATE SET
    subject_name = excluded.subject_name,
    title = excluded.title,
    body = excluded.body,
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
    occurrences = known.occurrences + 1
RETURNING alert_id, status, occurrences
