-- People as HR gives them; what is there already is replaced, and what does not differ is left alone.
INSERT INTO attendance.employees AS known (employee_id, employee_name, overtime_rule)
SELECT employee_id, employee_name, overtime_rule
FROM jsonb_to_recordset(%(rows)s) AS given (employee_id text, employee_name text, overtime_rule text)
ON CONFLICT (organization_id, employee_id) DO UPDATE
    SET employee_name = excluded.employee_name, overtime_rule = excluded.overtime_rule
    WHERE (known.employee_name, known.overtime_rule) IS DISTINCT FROM (excluded.employee_name, excluded.overtime_rule)
