-- Rows of the simulated factory that the contract refused.
SELECT
    production_day,
    ("row" ->> 'RowId')::float8::bigint AS row_id,
    "row" ->> 'DeviceID' AS device_id,
    ("row" ->> 'ProdnPcs')::float8::bigint AS prodn_pcs
FROM rtms.quarantine
WHERE organization_id = warehouse.current_organization() AND source = 'demo' AND table_name = 'session_wise_production'
    AND production_day BETWEEN %(first)s AND %(last)s
