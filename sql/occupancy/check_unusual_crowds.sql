-- Failures of occupancy.unusual_crowds.
SELECT 'values_in_range' AS check_name, jsonb_build_object('area_id', area_id, 'started_at', started_at, 'score', score) AS failure
FROM occupancy.unusual_crowds
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND (score <= 0 OR people_over < 0 OR entries < 0 OR exits < 0 OR is_alarm <> coalesce(score > threshold, false))
UNION ALL
SELECT 'no_alarm', jsonb_build_object('area_id', area_id, 'started_at', started_at, 'ended_at', ended_at, 'people_over', round(people_over::numeric))
FROM occupancy.unusual_crowds
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s AND is_alarm
