-- A line's output is what leaves its final operations; a day without such a row has an unknown output, not none.
INSERT INTO production.line_output
    (organization_id, production_day, unit_code, floor_name, line_name, output_pcs, final_row_count, prodn_pcs, eff100,
     efficiency_pct, used_min, row_count)
SELECT
    organization_id,
    production_day,
    unit_code,
    floor_name,
    line_name,
    sum(prodn_pcs) FILTER (WHERE is_fin_part AND is_fin_oper),
    count(*) FILTER (WHERE is_fin_part AND is_fin_oper),
    sum(prodn_pcs),
    sum(eff100) FILTER (WHERE eff100 > 0),
    100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0),
    sum(used_min),
    count(*)
FROM rtms.session_wise_production
WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
GROUP BY organization_id, production_day, unit_code, floor_name, line_name
