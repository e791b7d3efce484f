-- The text about a day, and whether it was written after the newest pull.
SELECT summary, recommendations, predictions, written_by, model, note, created_at, created_at >= %(pulled_at)s AS is_current
FROM production.insights
WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
