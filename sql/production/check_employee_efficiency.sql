-- Failures of production.employee_efficiency. Keys are unique by its primary key; the sums must be the pull's.
WITH efficiency AS (
    SELECT * FROM production.employee_efficiency
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), ours AS (
    SELECT production_day, count(*) AS row_count, sum(prodn_pcs) AS pieces, sum(eff100) AS target
    FROM efficiency GROUP BY production_day
), raw AS (
    SELECT production_day, count(*) AS row_count, sum(prodn_pcs) AS pieces, sum(eff100) AS target
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'production_day', production_day, 'rtms_row_id', rtms_row_id, 'line_name', line_name, 'prodn_pcs', prodn_pcs,
    'efficiency_pct', efficiency_pct, 'relative_efficiency_pct', relative_efficiency_pct) AS failure
FROM efficiency
WHERE prodn_pcs < 0 OR efficiency_pct < 0 OR relative_efficiency_pct NOT BETWEEN 0 AND 100
UNION ALL
SELECT 'efficiency_follows_formula', jsonb_build_object(
    'production_day', production_day, 'rtms_row_id', rtms_row_id, 'prodn_pcs', prodn_pcs, 'eff100', eff100,
    'efficiency_pct', efficiency_pct, 'benchmark_pcs', benchmark_pcs, 'relative_efficiency_pct', relative_efficiency_pct,
    'band', band)
FROM efficiency
WHERE (coalesce(eff100, 0) > 0) <> (efficiency_pct IS NOT NULL)
    OR abs(efficiency_pct * eff100 / 100 - prodn_pcs) > 1e-6 * greatest(prodn_pcs, 1)
    OR (coalesce(benchmark_pcs, 0) > 0) <> (relative_efficiency_pct IS NOT NULL)
    OR abs(relative_efficiency_pct * benchmark_pcs / 100 - prodn_pcs) > 1e-6 * greatest(prodn_pcs, 1)
    OR band IS DISTINCT FROM production.band(efficiency_pct)
UNION ALL
SELECT 'reconciles_with_pull', jsonb_build_object(
    'production_day', production_day, 'rows', ours.row_count, 'raw_rows', raw.row_count, 'pieces', ours.pieces,
    'raw_pieces', raw.pieces, 'target', ours.target, 'raw_target', raw.target)
FROM ours FULL JOIN raw USING (production_day)
WHERE ours.row_count IS DISTINCT FROM raw.row_count
    OR ours.pieces IS DISTINCT FROM raw.pieces
    OR abs(coalesce(ours.target, -1) - coalesce(raw.target, -1)) > 1e-6 * coalesce(raw.target, 1)
UNION ALL
SELECT 'implausible_efficiency', jsonb_build_object(
    'production_day', production_day, 'rtms_row_id', rtms_row_id, 'line_name', line_name, 'emp_code', emp_code,
    'efficiency_pct', efficiency_pct)
FROM efficiency
WHERE efficiency_pct > 300
