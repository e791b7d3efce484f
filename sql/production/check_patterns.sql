-- Failures of production.patterns; its keys are unique by constraint.
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'production_day', production_day, 'scope', scope, 'subject', subject, 'pattern', pattern, 'value', value,
    'session_no', session_no, 'sample_size', sample_size) AS failure
FROM production.patterns
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND (
        sample_size < 1
        OR session_no NOT BETWEEN 1 AND 12
        OR (pattern = 'repeat_offender' AND value NOT BETWEEN 0 AND 100)
        OR value IN ('NaN', 'Infinity', '-Infinity')
        OR pattern NOT IN ('hour_of_day', 'drift', 'repeat_offender', 'style_changeover')
    )
