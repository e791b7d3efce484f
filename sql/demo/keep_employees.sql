-- Simulated employees that are not known yet.
INSERT INTO attendance.employees (employee_id, employee_name, overtime_rule)
SELECT employee_id, employee_name, overtime_rule
FROM jsonb_to_recordset(%(rows)s) AS given (employee_id text, employee_name text, overtime_rule text)
ON CONFLICT (organization_id, employee_id) DO NOTHING
