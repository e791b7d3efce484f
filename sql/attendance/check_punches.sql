-- Failures of attendance.punches. A terminal's clock may be ahead by what the settings allow, at most a day.
SELECT 'times_are_possible' AS check_name, jsonb_build_object(
    'employee_id', employee_id, 'punched_at', punched_at, 'ingested_at', ingested_at, 'source', source) AS failure
FROM attendance.punches
WHERE organization_id = (SELECT warehouse.current_organization())
    AND punched_at >= %(first)s::date AND punched_at < %(last)s::date + 2
    AND (punched_at > ingested_at + interval '1 day' OR date_trunc('second', punched_at) <> punched_at)
UNION ALL
SELECT 'nothing_refused', jsonb_build_object('source', source, 'field', field, 'reason', reason, 'times', times, 'last_seen_at', last_seen_at)
FROM attendance.refusals
WHERE organization_id = (SELECT warehouse.current_organization()) AND last_seen_at > %(now)s - interval '1 day'
