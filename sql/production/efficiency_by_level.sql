-- Unit to part: pieces and targets are added up level by level, each from the one below, then divided. Operations, devices and
-- employees are added by the view production.efficiency_by_level.
INSERT INTO production.efficiency_of_groups
    (organization_id, production_day, level, unit_code, floor_name, line_name, style_no, part_name, prodn_pcs, eff100,
     efficiency_pct, band, used_min, row_count)
WITH parts AS MATERIALIZED (
    SELECT organization_id, production_day, 'part_name' AS level, unit_code, floor_name, line_name, style_no, part_name,
        sum(prodn_pcs) AS pcs, sum(prodn_pcs) FILTER (WHERE eff100 > 0) AS pcs_with_target,
        sum(eff100) FILTER (WHERE eff100 > 0) AS eff100, sum(used_min) AS used_min, count(*) AS row_count
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY organization_id, production_day, unit_code, floor_name, line_name, style_no, part_name
), styles AS MATERIALIZED (
    SELECT organization_id, production_day, 'style_no', unit_code, floor_name, line_name, style_no, NULL::text,
        sum(pcs) AS pcs, sum(pcs_with_target) AS pcs_with_target, sum(eff100) AS eff100, sum(used_min) AS used_min,
        sum(row_count) AS row_count
    FROM parts
    GROUP BY organization_id, production_day, unit_code, floor_name, line_name, style_no
), lines AS MATERIALIZED (
    SELECT organization_id, production_day, 'line_name', unit_code, floor_name, line_name, NULL::text, NULL::text,
        sum(pcs) AS pcs, sum(pcs_with_target) AS pcs_with_target, sum(eff100) AS eff100, sum(used_min) AS used_min,
        sum(row_count) AS row_count
    FROM styles
    GROUP BY organization_id, production_day, unit_code, floor_name, line_name
), floors AS MATERIALIZED (
    SELECT organization_id, production_day, 'floor_name', unit_code, floor_name, NULL::text, NULL::text, NULL::text,
        sum(pcs) AS pcs, sum(pcs_with_target) AS pcs_with_target, sum(eff100) AS eff100, sum(used_min) AS used_min,
        sum(row_count) AS row_count
    FROM lines
    GROUP BY organization_id, production_day, unit_code, floor_name
), units AS MATERIALIZED (
    SELECT organization_id, production_day, 'unit_code', unit_code, NULL::text, NULL::text, NULL::text, NULL::text,
        sum(pcs) AS pcs, sum(pcs_with_target) AS pcs_with_target, sum(eff100) AS eff100, sum(used_min) AS used_min,
        sum(row_count) AS row_count
    FROM floors
    GROUP BY organization_id, production_day, unit_code
)
SELECT organization_id, production_day, level, unit_code, floor_name, line_name, style_no, part_name, pcs, eff100,
    100 * pcs_with_target / eff100, production.band(100 * pcs_with_target / eff100), used_min, row_count
FROM (
    TABLE parts UNION ALL TABLE styles UNION ALL TABLE lines UNION ALL TABLE floors UNION ALL TABLE units
) AS members
