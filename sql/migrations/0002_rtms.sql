-- The raw pull of RTMS: production by employee, operation and device, who supervises whom, what was refused, and each pull.
-- depends: 0001_foundation

CREATE SCHEMA rtms AUTHORIZATION factory_owner;

CREATE TABLE rtms.session_wise_production (
    -- What every efficiency is made of comes first: PostgreSQL reads a row from the left, up to the last column it needs.
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    rtms_row_id bigint NOT NULL,
    prodn_pcs integer NOT NULL CHECK (prodn_pcs >= 0),
    eff100 float8 CHECK (eff100 >= 0),
    used_min float8 CHECK (used_min BETWEEN 0 AND 1440),
    is_fin_part boolean NOT NULL,
    is_fin_oper boolean NOT NULL,
    unit_code text NOT NULL,
    floor_name text NOT NULL,
    line_name text NOT NULL,
    style_no text NOT NULL,
    part_name text NOT NULL,
    new_oper_seq text NOT NULL,
    device_id text NOT NULL,
    emp_code text,
    emp_name text,
    order_no text,
    buyer_code text,
    part_seq integer,
    operation text,
    oper_seq integer,
    sam float8 CHECK (sam >= 0),
    eff75 float8 CHECK (eff75 >= 0),
    eff_per float8,
    eff_per100 float8,
    eff_per75 float8,
    s01 integer,
    s02 integer,
    s03 integer,
    s04 integer,
    s05 integer,
    s06 integer,
    s07 integer,
    s08 integer,
    s09 integer,
    s10 integer,
    s11 integer,
    s12 integer,
    rept_type text,
    operationseq integer,
    parts_seq integer,
    is_red_flag boolean,
    source text NOT NULL,
    pull_id bigint NOT NULL,
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, production_day, rtms_row_id)
);
-- No further index: every question starts with a day, and a day is a few thousand neighbouring rows of the primary key.

COMMENT ON TABLE rtms.session_wise_production IS
    'RTMS_SessionWiseProduction as of the latest pull: one row per employee, operation and device of a production day.';
COMMENT ON COLUMN rtms.session_wise_production.production_day IS 'TranDate.';
COMMENT ON COLUMN rtms.session_wise_production.rtms_row_id IS 'RowId.';
COMMENT ON COLUMN rtms.session_wise_production.emp_code IS 'EmpCode without stray leading dots; NULL where RTMS has none.';
COMMENT ON COLUMN rtms.session_wise_production.sam IS 'Standard minutes for one piece.';
COMMENT ON COLUMN rtms.session_wise_production.eff100 IS 'Target pieces at 100 % for the minutes worked so far.';
COMMENT ON COLUMN rtms.session_wise_production.prodn_pcs IS 'Pieces made; the sessions need not add up to it.';
COMMENT ON COLUMN rtms.session_wise_production.used_min IS 'Minutes worked so far.';
COMMENT ON COLUMN rtms.session_wise_production.s01 IS 'Pieces of the first hourly session; s02 to s12 follow.';
COMMENT ON COLUMN rtms.session_wise_production.is_fin_oper IS 'Final operation: line output is counted here, with is_fin_part.';
COMMENT ON COLUMN rtms.session_wise_production.pull_id IS 'The pull that last changed this row.';
COMMENT ON COLUMN rtms.session_wise_production.ingested_at IS 'When that was.';

SELECT warehouse.make_hypertable('rtms.session_wise_production', 'production_day');

CREATE TABLE rtms.supervisors (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    line_name text NOT NULL,
    part_name text NOT NULL,
    supervisor_code text NOT NULL,
    supervisor_name text NOT NULL,
    phone_number text,
    source text NOT NULL,
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, line_name, part_name, supervisor_code)
);

COMMENT ON TABLE rtms.supervisors IS 'RTMS_SupervisorsDetl: who answers for a part of a line.';
COMMENT ON COLUMN rtms.supervisors.phone_number IS 'As written in RTMS, often without a country code; NULL where there is none.';

CREATE TABLE rtms.pulls (
    pull_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    source text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    rows_read integer,
    rows_accepted integer,
    rows_refused integer,
    rows_collapsed integer,
    rows_inserted integer,
    rows_updated integer,
    rows_deleted integer
);
CREATE INDEX pulls_by_day ON rtms.pulls (organization_id, production_day, pull_id DESC);

COMMENT ON TABLE rtms.pulls IS 'Every finished pull of a production day; rows_read = rows_accepted + rows_refused + rows_collapsed.';
COMMENT ON COLUMN rtms.pulls.rows_collapsed IS 'Rows that repeated another row of the same pull word for word.';

CREATE TABLE rtms.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    table_name text NOT NULL,
    production_day date,
    reasons text[] NOT NULL,
    "row" jsonb NOT NULL,
    row_hash text NOT NULL,
    source text NOT NULL,
    pull_id bigint,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organization_id, table_name, production_day, row_hash)
);

COMMENT ON TABLE rtms.quarantine IS 'Rows the contract refuses, as RTMS gave them, with the reasons and what to do.';
COMMENT ON COLUMN rtms.quarantine.production_day IS 'NULL where the row has no readable day.';
COMMENT ON COLUMN rtms.quarantine.pull_id IS 'The latest pull that met this row.';

SELECT warehouse.grant_schema('rtms');
