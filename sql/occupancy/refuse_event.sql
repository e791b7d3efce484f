-- Keeps an event that is none; the same event again is counted, not kept twice.
INSERT INTO occupancy.refusals AS known (source_id, field, reason, detail, event, event_hash, first_seen_at, last_seen_at)
VALUES (%(source_id)s, %(field)s, %(reason)s, %(detail)s, %(event)s, %(event_hash)s, %(now)s, %(now)s)
ON CONFLICT (organization_id, source_id, event_hash) DO UPDATE SET
    times = known.times + 1, last_seen_at = excluded.last_seen_at, reason = excluded.reason, detail = excluded.detail
