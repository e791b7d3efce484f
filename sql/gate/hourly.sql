-- Each gate's hours. A passage is a valid read that is no repetition; refused reads are counted by reason.
WITH events AS (
    SELECT *, valid AND NOT is_repetition AS is_passage
    FROM gate.gate_events
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), reasons AS (
    SELECT production_day, hour_start, gate_id, jsonb_object_agg(reason, reads) AS rejected_by_reason
    FROM (
        SELECT production_day, hour_start, gate_id, reason, count(*) AS reads
        FROM events WHERE NOT valid
        GROUP BY production_day, hour_start, gate_id, reason
    ) AS r
    GROUP BY production_day, hour_start, gate_id
)
INSERT INTO gate.hourly (
    production_day, hour_start, gate_id, read_count, passage_count, in_count, out_count, authorized_count, blocked_count,
    unknown_count, opened_count, repetition_count, rejected_count, rejected_by_reason, corrected_count, warning_count,
    unconfirmed_count, mean_confidence
)
SELECT
    production_day,
    hour_start,
    gate_id,
    count(*),
    count(*) FILTER (WHERE is_passage),
    count(*) FILTER (WHERE is_passage AND direction = 'in'),
    count(*) FILTER (WHERE is_passage AND direction = 'out'),
    count(*) FILTER (WHERE is_passage AND status = 'AUTHORIZED'),
    count(*) FILTER (WHERE is_passage AND status = 'BLOCKED'),
    count(*) FILTER (WHERE is_passage AND status = 'UNKNOWN'),
    count(*) FILTER (WHERE opened),
    count(*) FILTER (WHERE is_repetition),
    count(*) FILTER (WHERE NOT valid),
    coalesce(min(reasons.rejected_by_reason::text), '{}')::jsonb,
    count(*) FILTER (WHERE is_passage AND corrections > 0),
    count(*) FILTER (WHERE warning IS NOT NULL),
    count(*) FILTER (WHERE NOT confirmed),
    avg(confidence) FILTER (WHERE is_passage)
FROM events LEFT JOIN reasons USING (production_day, hour_start, gate_id)
GROUP BY production_day, hour_start, gate_id
