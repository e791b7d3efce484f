-- The simulated plant's overtime rules, where there is none of that name.
INSERT INTO attendance.overtime_rules (rule_name, definition)
SELECT rule_name, definition FROM jsonb_to_recordset(%(rows)s) AS given (rule_name text, definition jsonb)
ON CONFLICT (organization_id, rule_name) DO NOTHING
