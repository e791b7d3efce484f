-- The best row of each operation of a day. Somebody without a code is told apart by the device.
INSERT INTO production.operation_benchmark
    (organization_id, production_day, new_oper_seq, benchmark_pcs, benchmark_size, p90_pcs, best_emp_code, best_emp_name)
SELECT
    organization_id,
    production_day,
    new_oper_seq,
    max(prodn_pcs),
    count(DISTINCT coalesce(emp_code, 'device:' || device_id)),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY prodn_pcs),
    (array_agg(emp_code ORDER BY prodn_pcs DESC, rtms_row_id))[1],
    (array_agg(emp_name ORDER BY prodn_pcs DESC, rtms_row_id))[1]
FROM rtms.session_wise_production
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
GROUP BY organization_id, production_day, new_oper_seq
