-- Efficiency (FP-3) and relative efficiency (FP-4) of each RTMS row.
INSERT INTO production.employee_efficiency
    (organization_id, production_day, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id,
     emp_code, emp_name, prodn_pcs, eff100, efficiency_pct, benchmark_pcs, benchmark_size, relative_efficiency_pct, band,
     rtms_row_id)
SELECT
    r.organization_id, r.production_day, r.unit_code, r.floor_name, r.line_name, r.style_no, r.part_name, r.new_oper_seq,
    r.device_id, r.emp_code, r.emp_name,
    r.prodn_pcs,
    r.eff100,
    100 * r.prodn_pcs / nullif(r.eff100, 0),
    b.benchmark_pcs,
    b.benchmark_size,
    100.0::float8 * r.prodn_pcs / nullif(b.benchmark_pcs, 0),
    production.band(100 * r.prodn_pcs / nullif(r.eff100, 0)),
    r.rtms_row_id
FROM rtms.session_wise_production AS r
JOIN production.operation_benchmark AS b USING (organization_id, production_day, new_oper_seq)
WHERE r.organization_id = (SELECT warehouse.current_organization()) AND r.production_day BETWEEN %(first)s AND %(last)s
