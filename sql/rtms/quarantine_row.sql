-- A refused row is remembered once; meeting it again only moves the time it was last seen.
INSERT INTO rtms.quarantine AS known
    (table_name, production_day, reasons, "row", row_hash, source, pull_id, first_seen_at, last_seen_at)
VALUES (
    %(table_name)s, %(production_day)s, %(reasons)s, %(row_json)s::jsonb, %(row_hash)s,
    %(source)s, %(pull_id)s, %(seen_at)s, %(seen_at)s
)
ON CONFLICT (organization_id, table_name, production_day, row_hash) DO UPDATE
SET reasons = EXCLUDED.reasons,
    source = EXCLUDED.source,
    pull_id = EXCLUDED.pull_id,
    last_seen_at = greatest(known.last_seen_at, EXCLUDED.last_seen_at);
