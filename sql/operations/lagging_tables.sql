-- Tables computed from the pull of a day whose pieces are not the pull's: they were computed from an older one, or not at all.
WITH pulled AS (
    SELECT coalesce(sum(prodn_pcs), 0) AS pieces
    FROM rtms.session_wise_production
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
), computed AS (
    SELECT 'production.employee_efficiency' AS table_name, coalesce(sum(prodn_pcs), 0) AS pieces
    FROM production.employee_efficiency
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
    UNION ALL
    SELECT 'production.efficiency_by_level', coalesce(sum(prodn_pcs), 0)
    FROM production.efficiency_by_level
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s AND level = 'unit_code'
    UNION ALL
    SELECT 'production.line_output', coalesce(sum(prodn_pcs), 0)
    FROM production.line_output
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
)
SELECT computed.table_name
FROM computed CROSS JOIN pulled
WHERE computed.pieces <> pulled.pieces
ORDER BY computed.table_name
