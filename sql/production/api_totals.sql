-- Everybody who passes the filter, summed: efficiency is the sum of pieces over the sum of targets (FP-3).
SELECT
    100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS overall_efficiency,
    coalesce(sum(prodn_pcs), 0) AS prodn_pcs,
    sum(eff100) FILTER (WHERE eff100 > 0) AS eff100,
    count(*) AS row_count,
    count(*) FILTER (WHERE efficiency_pct IS NULL) AS rows_without_target,
    count(DISTINCT coalesce(emp_code, 'device:' || device_id)) AS employee_count,
    count(*) FILTER (WHERE band = 'Excellent') AS excellent_count,
    count(*) FILTER (WHERE band = 'Good') AS good_count,
    count(*) FILTER (WHERE band = 'Needs Improvement') AS needs_improvement_count,
    count(*) FILTER (WHERE band = 'Critical') AS critical_count,
    count(*) FILTER (WHERE efficiency_pct < %(threshold_pct)s) AS underperformer_count,
    count(*) FILTER (WHERE efficiency_pct >= %(excellent_pct)s) AS overperformer_count
FROM production.employee_efficiency
WHERE
    organization_id = warehouse.current_organization() AND production_day = %(day)s
    AND (%(unit_code)s::text IS NULL OR unit_code = %(unit_code)s)
    AND (%(floor_name)s::text IS NULL OR floor_name = %(floor_name)s)
    AND (%(line_name)s::text IS NULL OR line_name = %(line_name)s)
    AND (%(style_no)s::text IS NULL OR style_no = %(style_no)s)
    AND (%(part_name)s::text IS NULL OR part_name = %(part_name)s)
    AND (%(new_oper_seq)s::text IS NULL OR new_oper_seq = %(new_oper_seq)s)
    AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
    AND (%(emp_name)s::text IS NULL OR emp_name = %(emp_name)s)
    AND (%(emp_code)s::text IS NULL OR emp_code = %(emp_code)s)
