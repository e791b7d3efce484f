-- Failures of production.line_output.
WITH output AS (
    SELECT * FROM production.line_output
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
), raw AS (
    SELECT production_day, unit_code, floor_name, line_name,
        sum(prodn_pcs) FILTER (WHERE is_fin_part AND is_fin_oper) AS output_pcs,
        sum(prodn_pcs) AS prodn_pcs,
        100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS efficiency_pct
    FROM rtms.session_wise_production
    WHERE organization_id = (SELECT warehouse.current_organization()) AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, unit_code, floor_name, line_name
)
SELECT 'values_in_range' AS check_name, jsonb_build_object(
    'production_day', production_day, 'line_name', line_name, 'output_pcs', output_pcs, 'prodn_pcs', prodn_pcs) AS failure
FROM output
WHERE output_pcs < 0 OR output_pcs > prodn_pcs OR row_count < 1 OR final_row_count > row_count
    OR (output_pcs IS NULL) <> (final_row_count = 0)
UNION ALL
SELECT 'reconciles_with_pull', jsonb_build_object(
    'production_day', production_day, 'line_name', line_name, 'output_pcs', output.output_pcs,
    'raw_output_pcs', raw.output_pcs, 'prodn_pcs', output.prodn_pcs, 'raw_prodn_pcs', raw.prodn_pcs,
    'efficiency_pct', output.efficiency_pct, 'raw_efficiency_pct', raw.efficiency_pct)
FROM output FULL JOIN raw USING (production_day, unit_code, floor_name, line_name)
WHERE output.output_pcs IS DISTINCT FROM raw.output_pcs OR output.prodn_pcs IS DISTINCT FROM raw.prodn_pcs
    OR abs(coalesce(output.efficiency_pct, -1) - coalesce(raw.efficiency_pct, -1)) > 1e-6 * greatest(raw.efficiency_pct, 1)
UNION ALL
SELECT 'output_known', jsonb_build_object('production_day', production_day, 'line_name', line_name, 'prodn_pcs', prodn_pcs)
FROM output
WHERE output_pcs IS NULL
