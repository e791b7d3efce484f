-- The members of one level, each with the sums of everybody below it who passes the filter. A filter may be finer than the level:
-- the lines that worked on a style, with what they made of it.
WITH members AS (
    SELECT
        unit_code,
        CASE WHEN %(depth)s >= 2 THEN floor_name END AS floor_name,
        CASE WHEN %(depth)s >= 3 THEN line_name END AS line_name,
        CASE WHEN %(depth)s >= 4 THEN style_no END AS style_no,
        CASE WHEN %(depth)s >= 5 THEN part_name END AS part_name,
        CASE WHEN %(depth)s >= 6 THEN new_oper_seq END AS new_oper_seq,
        CASE WHEN %(depth)s >= 7 THEN device_id END AS device_id,
        CASE WHEN %(depth)s >= 8 THEN emp_code END AS emp_code,
        CASE WHEN %(depth)s >= 8 THEN max(emp_name) END AS emp_name,
        sum(prodn_pcs) AS prodn_pcs,
        sum(eff100) FILTER (WHERE eff100 > 0) AS eff100,
        100 * sum(prodn_pcs) FILTER (WHERE eff100 > 0) / sum(eff100) FILTER (WHERE eff100 > 0) AS efficiency_pct,
        count(*) AS row_count
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
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
)
SELECT total.member_count, page.*, production.band(page.efficiency_pct) AS band
FROM (SELECT count(*) AS member_count FROM members) AS total
LEFT JOIN LATERAL (
    SELECT * FROM members
    ORDER BY unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code
    LIMIT %(limit)s OFFSET %(offset)s
) AS page ON true
