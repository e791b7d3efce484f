-- What production means: efficiency of people, operations, lines and every level above; patterns, insights, forecasts.
-- depends: 0002_rtms

CREATE SCHEMA production AUTHORIZATION factory_owner;

CREATE FUNCTION production.band(efficiency_pct float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE -- not STRICT: PostgreSQL would not inline it then
RETURN CASE
    WHEN efficiency_pct IS NULL THEN NULL
    WHEN efficiency_pct >= 95 THEN 'Excellent'
    WHEN efficiency_pct >= 85 THEN 'Good'
    WHEN efficiency_pct >= 70 THEN 'Needs Improvement'
    ELSE 'Critical'
END;

COMMENT ON FUNCTION production.band(float8) IS
    'Band of an efficiency (FP-5), half-open: Excellent from 95, Good from 85, Needs Improvement from 70.';

CREATE TABLE production.operation_benchmark (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    new_oper_seq text NOT NULL,
    benchmark_pcs integer,
    benchmark_size integer NOT NULL,
    p90_pcs float8,
    best_emp_code text,
    best_emp_name text,
    PRIMARY KEY (organization_id, production_day, new_oper_seq)
);
COMMENT ON TABLE production.operation_benchmark IS
    'The best of each operation of a day: what 100 % relative efficiency means there.';
COMMENT ON COLUMN production.operation_benchmark.benchmark_pcs IS
    'Highest ProdnPcs of one row within the operation; NULL when nothing was made.';
COMMENT ON COLUMN production.operation_benchmark.benchmark_size IS
    'People behind the benchmark: 1 means that somebody is compared with themselves.';
COMMENT ON COLUMN production.operation_benchmark.p90_pcs IS '90th percentile of ProdnPcs, which resists one outlier.';
SELECT warehouse.make_hypertable('production.operation_benchmark', 'production_day');

CREATE TABLE production.employee_efficiency (
    production_day date NOT NULL,
    unit_code text NOT NULL,
    floor_name text NOT NULL,
    line_name text NOT NULL,
    style_no text NOT NULL,
    part_name text NOT NULL,
    new_oper_seq text NOT NULL,
    device_id text NOT NULL,
    emp_code text,
    emp_name text,
    prodn_pcs integer NOT NULL,
    eff100 float8,
    efficiency_pct float8,
    benchmark_pcs integer,
    benchmark_size integer NOT NULL,
    relative_efficiency_pct float8,
    band text,
    rtms_row_id bigint NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day, rtms_row_id)
);
COMMENT ON TABLE production.employee_efficiency IS
    'Efficiency of each RTMS row: one employee on one operation and device of a day.';
COMMENT ON COLUMN production.employee_efficiency.efficiency_pct IS
    'prodn_pcs / eff100 × 100 (FP-3); NULL where the target is unknown or zero.';
COMMENT ON COLUMN production.employee_efficiency.relative_efficiency_pct IS 'prodn_pcs / benchmark_pcs × 100 (FP-4).';
SELECT warehouse.make_hypertable('production.employee_efficiency', 'production_day');

-- Unit to part are sums worth keeping. An operation, a device or an employee of a day is a row or two: the view below adds them
-- up when somebody asks, which saves writing every raw row three times more.
CREATE TABLE production.efficiency_of_groups (
    production_day date NOT NULL,
    level text NOT NULL,
    unit_code text NOT NULL,
    floor_name text,
    line_name text,
    style_no text,
    part_name text,
    prodn_pcs bigint NOT NULL,
    eff100 float8,
    efficiency_pct float8,
    band text,
    used_min float8,
    row_count integer NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization()
);
-- A key over nullable columns would cost more than the table; the blocking check `keys_unique` proves what it would.
CREATE INDEX efficiency_of_groups_lookup ON production.efficiency_of_groups (organization_id, production_day, level);
COMMENT ON TABLE production.efficiency_of_groups IS
    'Efficiency of every unit, floor, line, style and part, sums over sums; columns below the level are NULL.';
SELECT warehouse.make_hypertable('production.efficiency_of_groups', 'production_day');

CREATE VIEW production.efficiency_by_level AS
SELECT production_day, level, unit_code, floor_name, line_name, style_no, part_name, NULL::text AS new_oper_seq,
    NULL::text AS device_id, NULL::text AS emp_code, NULL::text AS emp_name, prodn_pcs, eff100, efficiency_pct, band, used_min, row_count,
    organization_id
FROM production.efficiency_of_groups
UNION ALL
SELECT production_day, level, unit_code, floor_name, line_name, style_no, part_name, new_oper_seq, device_id, emp_code, emp_name,
    prodn_pcs, eff100, efficiency_pct, production.band(efficiency_pct), used_min, row_count, organization_id
FROM (
    SELECT e.organization_id, e.production_day,
        CASE grouping(e.device_id, e.emp_code) WHEN 3 THEN 'new_oper_seq' WHEN 1 THEN 'device_id' ELSE 'emp_code' END AS level,
        e.unit_code, e.floor_name, e.line_name, e.style_no, e.part_name, e.new_oper_seq, e.device_id, e.emp_code,
        CASE WHEN grouping(e.emp_code) = 0 THEN max(e.emp_name) END AS emp_name,
        sum(e.prodn_pcs) AS prodn_pcs,
        sum(e.eff100) FILTER (WHERE e.eff100 > 0) AS eff100,
        100 * sum(e.prodn_pcs) FILTER (WHERE e.eff100 > 0) / sum(e.eff100) FILTER (WHERE e.eff100 > 0) AS efficiency_pct,
        sum(r.used_min) AS used_min,
        count(*)::integer AS row_count
    FROM production.employee_efficiency AS e
    LEFT JOIN rtms.session_wise_production AS r USING (organization_id, production_day, rtms_row_id)
    GROUP BY e.organization_id, e.production_day, e.unit_code, e.floor_name, e.line_name, e.style_no, e.part_name,
        e.new_oper_seq, GROUPING SETS ((), (e.device_id), (e.device_id, e.emp_code))
) AS people;
COMMENT ON VIEW production.efficiency_by_level IS
    'Efficiency of every member of the eight levels, sums over sums; columns below the level are NULL.';
COMMENT ON COLUMN production.efficiency_by_level.level IS 'Column name of the level: unit_code … emp_code.';
COMMENT ON COLUMN production.efficiency_by_level.eff100 IS 'Target pieces of the rows that have a target.';
COMMENT ON COLUMN production.efficiency_by_level.efficiency_pct IS 'Pieces over target, of the rows that have a target.';

CREATE TABLE production.line_output (
    production_day date NOT NULL,
    unit_code text NOT NULL,
    floor_name text NOT NULL,
    line_name text NOT NULL,
    output_pcs bigint,
    final_row_count integer NOT NULL,
    prodn_pcs bigint NOT NULL,
    eff100 float8,
    efficiency_pct float8,
    used_min float8,
    row_count integer NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day, unit_code, floor_name, line_name)
);
COMMENT ON TABLE production.line_output IS
    'What each line made and how efficiently; output counts final operations only.';
COMMENT ON COLUMN production.line_output.output_pcs IS
    'Pieces of rows with ISFinPart and ISFinOper; NULL where the day has no such row.';
COMMENT ON COLUMN production.line_output.prodn_pcs IS 'Pieces of all operations: a measure of work, not of output.';
SELECT warehouse.make_hypertable('production.line_output', 'production_day');

CREATE TABLE production.patterns (
    production_day date NOT NULL,
    scope text NOT NULL CHECK (scope IN ('line', 'operation')),
    subject text NOT NULL,
    pattern text NOT NULL,
    session_no integer,
    detail text NOT NULL,
    value float8,
    unit text NOT NULL,
    sample_size integer NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    UNIQUE NULLS NOT DISTINCT (organization_id, production_day, scope, pattern, subject, session_no, detail)
);
COMMENT ON TABLE production.patterns IS
    'Hour of day, drift, repeat offenders and style changeovers, by line and by operation, as known at the end of the day.';

CREATE TABLE production.insights (
    production_day date NOT NULL,
    summary text NOT NULL,
    recommendations jsonb NOT NULL,
    predictions jsonb NOT NULL,
    facts jsonb NOT NULL,
    written_by text NOT NULL CHECK (written_by IN ('template', 'llm')),
    model text,
    note text,
    created_at timestamptz NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day)
);
COMMENT ON TABLE production.insights IS
    'What the day''s numbers mean, in words; facts holds every number a text may use.';

CREATE TABLE production.efficiency_backtest (
    trained_on date NOT NULL,
    window_no integer NOT NULL,
    unit_code text NOT NULL,
    floor_name text NOT NULL,
    line_name text NOT NULL,
    production_day date NOT NULL,
    horizon integer NOT NULL,
    actual_pct float8 NOT NULL,
    model_pct float8 NOT NULL,
    naive_pct float8 NOT NULL,
    lo_80 float8,
    hi_80 float8,
    lo_95 float8,
    hi_95 float8,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, trained_on, window_no, unit_code, floor_name, line_name, horizon)
);
COMMENT ON TABLE production.efficiency_backtest IS
    'Rolling backtest of the last training: what the model and the naive would have said.';

CREATE TABLE production.efficiency_forecast (
    made_on date NOT NULL,
    production_day date NOT NULL,
    horizon integer NOT NULL,
    unit_code text NOT NULL,
    floor_name text NOT NULL,
    line_name text NOT NULL,
    efficiency_pct float8,
    lo_80 float8,
    hi_80 float8,
    lo_95 float8,
    hi_95 float8,
    served_by text NOT NULL,
    model_version text,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, made_on, unit_code, floor_name, line_name, horizon)
);
COMMENT ON TABLE production.efficiency_forecast IS
    'The next seven production days of each line, with 80 and 95 % intervals; served_by says which model spoke.';

SELECT warehouse.grant_schema('production');
