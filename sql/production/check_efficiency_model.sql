-- Failures of production.efficiency_backtest, the record of production/efficiency_model.
WITH backtest AS (
    SELECT * FROM production.efficiency_backtest WHERE organization_id = (SELECT warehouse.current_organization())
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'window_no', window_no, 'line_name', line_name, 'production_day', production_day, 'model_pct', model_pct,
    'lo_80', lo_80, 'hi_80', hi_80, 'lo_95', lo_95, 'hi_95', hi_95) AS failure
FROM backtest
WHERE model_pct < 0 OR lo_80 > hi_80 OR lo_95 > lo_80 OR hi_80 > hi_95 OR lo_95 < 0 OR horizon NOT BETWEEN 1 AND 7
UNION ALL
SELECT 'nothing_leaks', jsonb_build_object(
    'window_no', window_no, 'line_name', line_name, 'production_day', production_day, 'trained_on', trained_on)
FROM backtest
WHERE production_day > trained_on
UNION ALL
SELECT 'beats_naive', jsonb_build_object(
    'mae_model_pct_points', round(avg(abs(model_pct - actual_pct))::numeric, 3),
    'mae_naive_pct_points', round(avg(abs(naive_pct - actual_pct))::numeric, 3),
    'rows', count(*))
FROM backtest
HAVING coalesce(avg(abs(model_pct - actual_pct)) >= avg(abs(naive_pct - actual_pct)), true)
