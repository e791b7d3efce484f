-- Failures of production.insights.
WITH written AS (
    SELECT * FROM production.insights
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), worked AS (
    SELECT production_day FROM production.line_output
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day
)
SELECT 'texts_are_there' AS check_name, jsonb_build_object(
    'production_day', production_day, 'summary', summary, 'recommendations', recommendations) AS failure
FROM written
WHERE btrim(summary) = '' OR jsonb_array_length(recommendations) = 0
UNION ALL
SELECT 'every_day_is_told', jsonb_build_object('production_day', production_day)
FROM worked
WHERE production_day NOT IN (SELECT production_day FROM written)
UNION ALL
SELECT 'model_kept_to_the_numbers', jsonb_build_object('production_day', production_day, 'note', note)
FROM written
WHERE note IS NOT NULL
