-- Failures of production.operation_benchmark.
WITH benchmark AS (
    SELECT * FROM production.operation_benchmark
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), raw AS (
    SELECT production_day, new_oper_seq, max(prodn_pcs) AS best_pcs
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, new_oper_seq
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'production_day', production_day, 'new_oper_seq', new_oper_seq, 'benchmark_pcs', benchmark_pcs,
    'benchmark_size', benchmark_size) AS failure
FROM benchmark
WHERE benchmark_pcs < 0 OR benchmark_size < 1 OR p90_pcs > benchmark_pcs
UNION ALL
SELECT 'reconciles_with_pull', jsonb_build_object(
    'production_day', production_day, 'new_oper_seq', new_oper_seq, 'benchmark_pcs', benchmark.benchmark_pcs,
    'raw_best_pcs', raw.best_pcs)
FROM benchmark FULL JOIN raw USING (production_day, new_oper_seq)
WHERE benchmark.benchmark_pcs IS DISTINCT FROM raw.best_pcs
