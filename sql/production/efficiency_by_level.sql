-- Every member of the eight levels: pieces and targets summed along the hierarchy, then divided.
INSERT INTO production.efficiency_by_level
    (production_day, level, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code, emp_name,
     prodn_pcs, eff100, efficiency_pct, band, used_min, row_count)
SELECT
    production_day, level, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code,
    CASE WHEN level = 'emp_code' THEN emp_name END,
    prodn_pcs, eff100, efficiency_pct, production.band(efficiency_pct), used_min, row_count
FROM (
    SELECT
        production_day,
        CASE grouping(floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code)
            WHEN 127 THEN 'unit_code'
            WHEN 63 THEN 'floor_name'
            WHEN 31 THEN 'line_name'
            WHEN 15 THEN 'style_no'
            WHEN 7 THEN 'part_name'
            WHEN 3 THEN 'new_oper_seq'
            WHEN 1 THEN 'device_id'
            ELSE 'emp_code'
        END AS level,
        unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code,
        max(emp_name) AS emp_name,
        sum(prodn_pcs) AS prodn_pcs,
        sum(eff100) FILTER (WHERE eff100 > 0) AS eff100,
        100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS efficiency_pct,
        sum(used_min) AS used_min,
        count(*) AS row_count
    FROM rtms.session_wise_production
    WHERE organization_id = warehouse.current_organization() AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, unit_code, ROLLUP (floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code)
) AS members
