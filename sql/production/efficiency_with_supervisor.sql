-- Everybody's efficiency on a day, with who answers for the line and part; of several supervisors the first with a phone.
SELECT e.unit_code, e.floor_name, e.line_name, e.style_no, e.part_name, e.new_oper_seq, e.device_id, e.emp_code, e.emp_name,
    e.efficiency_pct, e.relative_efficiency_pct, s.supervisor_name, s.phone_number
FROM production.employee_efficiency AS e
LEFT JOIN LATERAL (
    SELECT supervisor_name, phone_number
    FROM rtms.supervisors
    WHERE organization_id = e.organization_id AND line_name = e.line_name AND part_name = e.part_name
    ORDER BY phone_number IS NULL, supervisor_code
    LIMIT 1
) AS s ON true
WHERE e.organization_id = warehouse.current_organization() AND e.production_day = %(day)s
