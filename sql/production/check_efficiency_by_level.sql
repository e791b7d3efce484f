-- Failures of production.efficiency_by_level: each level must hold all of the day's pieces, each member once.
WITH members AS (
    SELECT * FROM production.efficiency_by_level
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), levels AS (
    SELECT production_day, level, sum(prodn_pcs) AS pieces, sum(row_count) AS row_count, sum(eff100) AS target,
        sum(efficiency_pct * eff100 / 100) AS pieces_with_target
    FROM members GROUP BY production_day, level
), raw AS (
    SELECT production_day, level, sum(prodn_pcs) AS pieces, count(*) AS row_count,
        sum(eff100) FILTER (WHERE eff100 > 0) AS target, sum(prodn_pcs) FILTER (WHERE eff100 > 0) AS pieces_with_target
    FROM rtms.session_wise_production
    CROSS JOIN unnest(ARRAY['unit_code', 'floor_name', 'line_name', 'style_no', 'part_name', 'new_oper_seq', 'device_id',
        'emp_code']) AS level
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, level
)
SELECT 'keys_unique' AS check_name, jsonb_build_object(
    'production_day', production_day, 'level', level, 'unit_code', unit_code, 'line_name', line_name,
    'new_oper_seq', new_oper_seq, 'device_id', device_id, 'emp_code', emp_code, 'copies', count(*)) AS failure
FROM members
GROUP BY production_day, level, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code
HAVING count(*) > 1
UNION ALL
SELECT 'values_in_range', jsonb_build_object(
    'production_day', production_day, 'level', level, 'line_name', line_name, 'prodn_pcs', prodn_pcs,
    'efficiency_pct', efficiency_pct, 'band', band)
FROM members
WHERE prodn_pcs < 0 OR efficiency_pct < 0 OR row_count < 1 OR band IS DISTINCT FROM production.band(efficiency_pct)
UNION ALL
SELECT 'reconciles_with_pull', jsonb_build_object(
    'production_day', production_day, 'level', level, 'pieces', levels.pieces, 'raw_pieces', raw.pieces,
    'rows', levels.row_count, 'raw_rows', raw.row_count, 'target', levels.target, 'raw_target', raw.target,
    'pieces_with_target', levels.pieces_with_target, 'raw_pieces_with_target', raw.pieces_with_target)
FROM levels FULL JOIN raw USING (production_day, level)
WHERE levels.pieces IS DISTINCT FROM raw.pieces OR levels.row_count IS DISTINCT FROM raw.row_count
    OR abs(coalesce(levels.target, -1) - coalesce(raw.target, -1)) > 1e-6 * coalesce(raw.target, 1)
    OR abs(coalesce(levels.pieces_with_target, -1) - coalesce(raw.pieces_with_target, -1))
        > 1e-6 * greatest(raw.pieces_with_target, 1)
