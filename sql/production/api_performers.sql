-- The rows below a limit, the lowest first, or from a limit up, the highest first.
SELECT
    emp_code, emp_name, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, prodn_pcs, eff100,
    efficiency_pct, relative_efficiency_pct, benchmark_pcs, benchmark_size, band,
    -- As in the alert rule, what is unknown is not low.
    coalesce(efficiency_pct < %(threshold_pct)s AND relative_efficiency_pct < %(relative_threshold_pct)s, false) AS is_alert_breach
FROM production.employee_efficiency
WHERE
    organization_id = warehouse.current_organization() AND production_day = %(day)s
    AND (%(below_pct)s::float8 IS NULL OR efficiency_pct < %(below_pct)s)
    AND (%(from_pct)s::float8 IS NULL OR efficiency_pct >= %(from_pct)s)
    AND (%(unit_code)s::text IS NULL OR unit_code = %(unit_code)s)
    AND (%(floor_name)s::text IS NULL OR floor_name = %(floor_name)s)
    AND (%(line_name)s::text IS NULL OR line_name = %(line_name)s)
    AND (%(style_no)s::text IS NULL OR style_no = %(style_no)s)
    AND (%(part_name)s::text IS NULL OR part_name = %(part_name)s)
    AND (%(new_oper_seq)s::text IS NULL OR new_oper_seq = %(new_oper_seq)s)
    AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
    AND (%(emp_name)s::text IS NULL OR emp_name = %(emp_name)s)
    AND (%(emp_code)s::text IS NULL OR emp_code = %(emp_code)s)
ORDER BY CASE WHEN %(from_pct)s::float8 IS NULL THEN efficiency_pct ELSE -efficiency_pct END, rtms_row_id
LIMIT %(limit)s
