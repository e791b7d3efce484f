-- Each operation with its benchmark and everybody who passes the filter, the best first (FP-4). The benchmark is always the
-- whole operation's: a filter chooses who is shown, not whom they are compared with.
SELECT
    e.new_oper_seq,
    b.benchmark_pcs,
    b.benchmark_size,
    b.p90_pcs,
    b.best_emp_code,
    b.best_emp_name,
    count(*) AS row_count,
    count(*) FILTER (WHERE e.relative_efficiency_pct < %(relative_threshold_pct)s) AS below_threshold_count,
    coalesce(
        json_agg(
            json_build_object(
                'emp_code', e.emp_code, 'emp_name', e.emp_name, 'line_name', e.line_name, 'device_id', e.device_id,
                'prodn_pcs', e.prodn_pcs, 'relative_efficiency_pct', e.relative_efficiency_pct
            ) ORDER BY e.prodn_pcs DESC, e.rtms_row_id
        ) FILTER (WHERE e.place <= %(limit)s),
        '[]'
    ) AS employees
FROM (
    SELECT *, row_number() OVER (PARTITION BY new_oper_seq ORDER BY prodn_pcs DESC, rtms_row_id) AS place
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
) AS e
JOIN production.operation_benchmark AS b USING (organization_id, production_day, new_oper_seq)
GROUP BY e.new_oper_seq, b.benchmark_pcs, b.benchmark_size, b.p90_pcs, b.best_emp_code, b.best_emp_name
ORDER BY e.new_oper_seq
