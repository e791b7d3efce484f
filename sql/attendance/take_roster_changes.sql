-- Takes changes of rosters off the queue, as people's days that they touch, as far as days have ever been computed.
WITH taken AS (
    DELETE FROM attendance.roster_changes WHERE organization_id = (SELECT warehouse.current_organization())
    RETURNING employee_id, shift_id, rule_name, first_day, last_day
), computed AS (
    SELECT min(production_day) - 2 AS first_day, max(production_day) + 2 AS last_day
    FROM attendance.computed_days WHERE organization_id = (SELECT warehouse.current_organization())
), touched AS (
    SELECT employee_id, first_day, last_day FROM taken WHERE employee_id IS NOT NULL
    UNION ALL
    SELECT e.employee_id, t.first_day, t.last_day
    FROM taken AS t JOIN attendance.employees AS e ON e.overtime_rule = t.rule_name
    WHERE e.organization_id = (SELECT warehouse.current_organization())
    UNION ALL -- of a rotation only the days on which it has the shift
    SELECT a.employee_id, d.day, d.day
    FROM taken AS t JOIN attendance.shift_assignments AS a ON t.shift_id = ANY (a.cycle)
        CROSS JOIN computed AS c
        CROSS JOIN LATERAL (SELECT c.first_day + n AS day FROM generate_series(0, c.last_day - c.first_day) AS n) AS d
    WHERE a.organization_id = (SELECT warehouse.current_organization())
        AND d.day >= a.first_day AND (a.last_day IS NULL OR d.day <= a.last_day)
        AND a.cycle[mod(d.day - a.first_day, cardinality(a.cycle)) + 1] = t.shift_id
)
SELECT DISTINCT t.employee_id, greatest(t.first_day, c.first_day) AS first_day, least(t.last_day, c.last_day) AS last_day
FROM touched AS t CROSS JOIN computed AS c
WHERE t.first_day <= c.last_day AND t.last_day >= c.first_day
