-- Each gate's production days: sums of its hours, and what only the events know.
WITH hours AS (
    SELECT *, row_number() OVER (PARTITION BY production_day, gate_id ORDER BY passage_count DESC, hour_start) AS place
    FROM gate.hourly
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), plates AS (
    SELECT production_day, gate_id, count(DISTINCT plate) AS distinct_plates
    FROM gate.gate_events
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
        AND valid AND NOT is_repetition
    GROUP BY production_day, gate_id
)
INSERT INTO gate.daily (
    production_day, gate_id, read_count, passage_count, distinct_plates, in_count, out_count, authorized_count, blocked_count,
    unknown_count, opened_count, rejected_count, unconfirmed_count, busiest_hour, read_rate_pct
)
SELECT
    production_day,
    gate_id,
    sum(read_count),
    sum(passage_count),
    coalesce(min(distinct_plates), 0),
    sum(in_count),
    sum(out_count),
    sum(authorized_count),
    sum(blocked_count),
    sum(unknown_count),
    sum(opened_count),
    sum(rejected_count),
    sum(unconfirmed_count),
    min(hour_start) FILTER (WHERE place = 1 AND passage_count > 0),
    100.0 * (sum(read_count) - sum(rejected_count)) / sum(read_count)
FROM hours LEFT JOIN plates USING (production_day, gate_id)
GROUP BY production_day, gate_id
