-- Failures of the latest scoreboard, one row each.
WITH latest AS (
    SELECT *
    FROM demo.scoreboard
    WHERE organization_id = warehouse.current_organization()
        AND computed_at = (
            SELECT max(computed_at) FROM demo.scoreboard WHERE organization_id = warehouse.current_organization()
        )
)
SELECT 'bars_met' AS check_name, jsonb_build_object('name', name, 'value', value, 'bar', bar, 'detail', detail) AS failure
FROM latest
WHERE met IS FALSE
UNION ALL
SELECT 'nothing_unknown', jsonb_build_object('name', name, 'detail', detail)
FROM latest
WHERE value IS NULL
