-- An overtime rule as HR gives it; one of the same name is replaced.
INSERT INTO attendance.overtime_rules AS known (rule_name, definition) VALUES (%(rule_name)s, %(definition)s)
ON CONFLICT (organization_id, rule_name) DO UPDATE SET definition = excluded.definition
    WHERE known.definition <> excluded.definition
