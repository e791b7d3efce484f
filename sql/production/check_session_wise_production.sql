-- Failures of rtms.session_wise_production. Keys and signs are held by the table itself; these hold what a constraint cannot.
WITH raw AS (
    SELECT * FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), latest AS (
    SELECT DISTINCT ON (production_day) *
    FROM rtms.pulls
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    ORDER BY production_day, pull_id DESC
), counted AS (
    SELECT production_day, count(*) AS row_count, max(ingested_at) AS ingested_at FROM raw GROUP BY production_day
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'production_day', production_day, 'rtms_row_id', rtms_row_id, 'line_name', line_name, 'prodn_pcs', prodn_pcs,
    'eff100', eff100, 'used_min', used_min, 'sam', sam) AS failure
FROM raw
WHERE prodn_pcs > 100000 OR eff100 > 100000 OR used_min > 1440 OR sam > 600 OR emp_code LIKE '.%%'
UNION ALL
SELECT 'reconciles_with_pull', jsonb_build_object(
    'production_day', production_day, 'rows', coalesce(counted.row_count, 0), 'rows_accepted', latest.rows_accepted)
FROM latest FULL JOIN counted USING (production_day)
WHERE coalesce(counted.row_count, 0) IS DISTINCT FROM latest.rows_accepted
UNION ALL
SELECT 'every_row_accounted_for', jsonb_build_object(
    'production_day', production_day, 'pull_id', pull_id, 'rows_read', rows_read, 'rows_accepted', rows_accepted,
    'rows_refused', rows_refused, 'rows_collapsed', rows_collapsed)
FROM latest
WHERE rows_read <> rows_accepted + rows_refused + rows_collapsed
UNION ALL
SELECT 'few_rows_refused', jsonb_build_object(
    'production_day', production_day, 'rows_refused', rows_refused, 'rows_read', rows_read)
FROM latest
WHERE rows_refused > 0.01 * rows_read
UNION ALL
SELECT 'sessions_add_up', jsonb_build_object(
    'production_day', production_day, 'rows', count(*), 'rows_that_do_not', count(*) FILTER (WHERE made <> prodn_pcs))
FROM raw
CROSS JOIN LATERAL (
    SELECT coalesce(s01, 0) + coalesce(s02, 0) + coalesce(s03, 0) + coalesce(s04, 0) + coalesce(s05, 0) + coalesce(s06, 0)
        + coalesce(s07, 0) + coalesce(s08, 0) + coalesce(s09, 0) + coalesce(s10, 0) + coalesce(s11, 0) + coalesce(s12, 0) AS made
) AS sessions
GROUP BY production_day
HAVING count(*) FILTER (WHERE made <> prodn_pcs) > 0.1 * count(*)
