-- The patterns known at the end of a day.
SELECT production_day, scope, subject, pattern, session_no, detail, value, unit, sample_size
FROM production.patterns
WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
