-- Failures of gate.daily.
WITH days AS (
    SELECT * FROM gate.daily
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), hours AS (
    SELECT production_day, gate_id, sum(read_count) AS reads, sum(passage_count) AS passages, sum(opened_count) AS opened
    FROM gate.hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, gate_id
)
SELECT 'values_in_range' AS check_name, jsonb_build_object('gate_id', gate_id, 'production_day', production_day) AS failure
FROM days
WHERE distinct_plates > passage_count OR (passage_count > 0 AND distinct_plates = 0)
    OR read_rate_pct NOT BETWEEN 0 AND 100 OR (busiest_hour IS NULL) <> (passage_count = 0)
UNION ALL
SELECT 'reconciles_with_hours', jsonb_build_object(
    'gate_id', gate_id, 'production_day', production_day, 'reads', days.read_count, 'reads_of_hours', hours.reads,
    'passages', days.passage_count, 'passages_of_hours', hours.passages)
FROM days FULL JOIN hours USING (production_day, gate_id)
WHERE days.read_count IS DISTINCT FROM hours.reads OR days.passage_count IS DISTINCT FROM hours.passages
    OR days.opened_count IS DISTINCT FROM hours.opened
