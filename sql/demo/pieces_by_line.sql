-- Pieces of each line and day: as pulled, as computed, and what left the final operations.
WITH pulled AS (
    SELECT production_day, unit_code, floor_name, line_name, sum(prodn_pcs) AS pulled_pcs
    FROM rtms.session_wise_production
    WHERE organization_id = warehouse.current_organization() AND source = 'demo'
        AND production_day BETWEEN %(first)s AND %(last)s
    GROUP BY production_day, unit_code, floor_name, line_name
), computed AS (
    SELECT production_day, unit_code, floor_name, line_name, prodn_pcs AS computed_pcs, output_pcs
    FROM production.line_output
    WHERE organization_id = warehouse.current_organization() AND production_day BETWEEN %(first)s AND %(last)s
)
SELECT production_day, unit_code, floor_name, line_name, pulled_pcs, computed_pcs, output_pcs
FROM pulled
FULL JOIN computed USING (production_day, unit_code, floor_name, line_name)
