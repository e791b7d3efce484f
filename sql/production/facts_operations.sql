-- The operations of a day, wherever they were done: sums over sums, and how many people did them.
SELECT new_oper_seq,
    100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS efficiency_pct,
    count(DISTINCT coalesce(emp_code, 'device:' || device_id)) AS people
FROM production.employee_efficiency
WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
GROUP BY new_oper_seq
