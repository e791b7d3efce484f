-- Who and what is on the rosters already, one row of names.
SELECT
    ARRAY(SELECT rule_name FROM attendance.overtime_rules WHERE organization_id = org.id) AS rules,
    ARRAY(SELECT shift_id FROM attendance.shifts WHERE organization_id = org.id) AS shifts,
    ARRAY(SELECT employee_id FROM attendance.employees WHERE organization_id = org.id) AS employees,
    ARRAY(SELECT DISTINCT employee_id FROM attendance.shift_assignments WHERE organization_id = org.id) AS assigned
FROM (SELECT warehouse.current_organization() AS id) AS org
