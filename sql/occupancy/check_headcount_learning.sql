-- Failures of occupancy.headcount_learning between two production days.
SELECT 'rates_are_possible' AS check_name,
    jsonb_build_object('production_day', production_day, 'rates', knowledge -> 'rates', 'habits', knowledge -> 'habits' -> 'absence') AS failure
FROM occupancy.headcount_learning
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    AND (jsonb_path_exists(knowledge, 'strict $.rates[*] ? (@[2] < 0 || @[2] > 1)')
        OR jsonb_path_exists(knowledge, '$.habits ? (@.forget_in < 0 || @.forget_in > 1 || @.forget_out < 0 || @.forget_out > 1 || @.absence < 0 || @.absence > 1)')
        OR knowledge -> 'rates' IS NULL)
UNION ALL
SELECT 'terminals_are_known', jsonb_build_object('source', p.source, 'device', p.device, 'punches', count(*))
FROM attendance.punches AS p
WHERE p.organization_id = (SELECT warehouse.current_organization())
    AND p.punched_at >= %(first)s::date AND p.punched_at < %(last)s::date + 2
    AND NOT EXISTS (
        SELECT FROM occupancy.terminals AS t
        WHERE t.organization_id = p.organization_id AND t.source = p.source AND t.device = p.device)
GROUP BY p.source, p.device
