-- Failures of gate.hourly.
WITH hours AS (
    SELECT * FROM gate.hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), raw AS (
    SELECT production_day, hour_start, gate_id, count(*) AS reads,
        count(*) FILTER (WHERE valid AND NOT is_repetition) AS passages
    FROM gate.gate_events
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, hour_start, gate_id
)
SELECT 'adds_up' AS check_name, jsonb_build_object('gate_id', gate_id, 'hour_start', hour_start) AS failure
FROM hours
WHERE passage_count + repetition_count + rejected_count <> read_count
    OR authorized_count + blocked_count + unknown_count <> passage_count
    OR in_count + out_count > passage_count
    OR (SELECT coalesce(sum(value::integer), 0) FROM jsonb_each_text(rejected_by_reason)) <> rejected_count
UNION ALL
SELECT 'reconciles_with_events', jsonb_build_object(
    'gate_id', gate_id, 'hour_start', hour_start, 'reads', hours.read_count, 'raw_reads', raw.reads,
    'passages', hours.passage_count, 'raw_passages', raw.passages)
FROM hours LEFT JOIN raw USING (production_day, hour_start, gate_id)
-- Events go on arriving while this is asked: more of them is no fault, fewer is.
WHERE raw.reads IS NULL OR raw.reads < hours.read_count OR raw.passages < hours.passage_count
UNION ALL
SELECT 'every_finished_hour_is_there', jsonb_build_object('gate_id', gate_id, 'hour_start', hour_start, 'raw_reads', raw.reads)
FROM raw LEFT JOIN hours USING (production_day, hour_start, gate_id)
WHERE hours.read_count IS NULL AND raw.hour_start < %(now)s - interval '2 hours'
