-- The rolling backtest of the last training.
SELECT actual_pct, model_pct, naive_pct, lo_80, hi_80, lo_95, hi_95
FROM production.efficiency_backtest
WHERE organization_id = warehouse.current_organization()
    AND trained_on = (
        SELECT max(trained_on) FROM production.efficiency_backtest WHERE organization_id = warehouse.current_organization()
    )
