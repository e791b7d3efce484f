-- Whether the computed rows show the day as the newest pull left it, and if not, which pull they show at the latest.
WITH raw AS MATERIALIZED (
    SELECT
        rtms_row_id, pull_id, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code, emp_name,
        prodn_pcs, eff100
    FROM rtms.session_wise_production
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
),
computed AS (
    SELECT
        rtms_row_id, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code, emp_name,
        prodn_pcs, eff100
    FROM production.employee_efficiency
    WHERE organization_id = warehouse.current_organization() AND production_day = %(day)s
),
changed_rows AS (
    -- A row that is gone from the raw table cannot say when: the newest pull is the earliest that is sure to lack it.
    SELECT coalesce(r.pull_id, %(newest_pull_id)s) AS pull_id
    FROM raw AS r
    FULL JOIN computed AS c ON c.rtms_row_id = r.rtms_row_id
    WHERE
        r.rtms_row_id IS NULL OR c.rtms_row_id IS NULL
        OR (r.unit_code, r.floor_name, r.line_name, r.style_no, r.part_name, r.new_oper_seq, r.device_id, r.emp_code, r.emp_name,
            r.prodn_pcs, r.eff100)
        IS DISTINCT FROM
        (c.unit_code, c.floor_name, c.line_name, c.style_no, c.part_name, c.new_oper_seq, c.device_id, c.emp_code, c.emp_name,
            c.prodn_pcs, c.eff100)
),
behind AS (SELECT min(pull_id) AS since_pull_id FROM changed_rows)
SELECT
    behind.since_pull_id IS NULL AS is_current,
    (
        SELECT p.finished_at FROM rtms.pulls AS p
        WHERE
            p.organization_id = warehouse.current_organization() AND p.production_day = %(day)s
            AND p.pull_id <= %(newest_pull_id)s
            AND (behind.since_pull_id IS NULL OR p.pull_id < behind.since_pull_id)
        ORDER BY p.pull_id DESC
        LIMIT 1
    ) AS as_of
FROM behind
