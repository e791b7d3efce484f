-- What was forecast for the days after a day, by whatever forecast was the newest then.
SELECT made_on, production_day, horizon, unit_code, floor_name, line_name, efficiency_pct, lo_80, hi_80, lo_95, hi_95,
    served_by, model_version
FROM production.efficiency_forecast
WHERE organization_id = warehouse.current_organization()
    AND production_day > %(day)s
    AND made_on = (
        SELECT max(made_on) FROM production.efficiency_forecast
        WHERE organization_id = warehouse.current_organization() AND made_on <= %(day)s
    )
    AND made_on >= %(day)s::date - 7
