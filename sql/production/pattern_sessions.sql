-- Pieces per hour of each line and operation, for the patterns within a day.
SELECT
    production_day, unit_code, floor_name, line_name, new_oper_seq,
    sum(s01) AS s01, sum(s02) AS s02, sum(s03) AS s03, sum(s04) AS s04, sum(s05) AS s05, sum(s06) AS s06,
    sum(s07) AS s07, sum(s08) AS s08, sum(s09) AS s09, sum(s10) AS s10, sum(s11) AS s11, sum(s12) AS s12
FROM rtms.session_wise_production
WHERE organization_id = warehouse.current_organization() AND production_day BETWEEN %(first)s AND %(last)s
GROUP BY production_day, unit_code, floor_name, line_name, new_oper_seq
