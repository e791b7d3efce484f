-- All overtime rules.
SELECT rule_name, definition FROM attendance.overtime_rules
WHERE organization_id = (SELECT warehouse.current_organization())
