-- Staged events that are not there yet become punches. Two that contradict each other in direction leave it open, whichever came first.
-- Gives what is new or changed, by person and local day.
WITH events AS (
    SELECT source, device, employee_id, punched_at,
        CASE WHEN count(direction) = count(*) AND min(direction) = max(direction) THEN min(direction) END AS direction
    FROM staged_punches
    GROUP BY source, device, employee_id, punched_at
), merged AS (
    INSERT INTO attendance.punches AS known (source, device, employee_id, punched_at, direction, ingested_at)
    SELECT source, device, employee_id, punched_at, direction, %(now)s FROM events
    ON CONFLICT (organization_id, employee_id, punched_at, source, device) DO UPDATE SET direction = NULL
        WHERE known.direction IS NOT NULL AND known.direction IS DISTINCT FROM excluded.direction
    RETURNING employee_id, punched_at, (xmax = 0) AS is_new
), reported AS (
    INSERT INTO attendance.sources AS known (source, watermark)
    SELECT source, max(punched_at) FROM events GROUP BY source
    ON CONFLICT (organization_id, source) DO UPDATE SET watermark = greatest(known.watermark, excluded.watermark)
), touched AS (
    INSERT INTO attendance.touched_days (employee_id, day)
    SELECT DISTINCT employee_id, (punched_at AT TIME ZONE %(zone)s)::date FROM merged
    ON CONFLICT DO NOTHING
)
SELECT count(*) FILTER (WHERE is_new) AS accepted, count(*) FILTER (WHERE NOT is_new) AS contradicted FROM merged
