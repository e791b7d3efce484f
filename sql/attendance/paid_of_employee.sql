-- What a range of days pays one person, by category and multiplier.
SELECT category, multiplier, sum(seconds)::bigint AS seconds FROM attendance.payroll_lines
WHERE organization_id = (SELECT warehouse.current_organization()) AND employee_id = %(employee_id)s
    AND production_day BETWEEN %(first)s AND %(last)s
GROUP BY category, multiplier
HAVING sum(seconds) <> 0
ORDER BY category, multiplier
