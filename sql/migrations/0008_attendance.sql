-- From punch to pay: who works which shift, what the terminals said, what that means for each shift, and what is paid for it.
-- depends: 0001_foundation

CREATE SCHEMA attendance AUTHORIZATION factory_owner;

CREATE TABLE attendance.employees (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    employee_id text NOT NULL,
    employee_name text,
    overtime_rule text,
    PRIMARY KEY (organization_id, employee_id)
);
COMMENT ON TABLE attendance.employees IS 'Whose punches are known; anybody else''s wait in the exceptions.';
COMMENT ON COLUMN attendance.employees.overtime_rule IS 'Name in overtime_rules; NULL: the engine''s defaults.';

CREATE TABLE attendance.overtime_rules (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    rule_name text NOT NULL,
    definition jsonb NOT NULL,
    PRIMARY KEY (organization_id, rule_name)
);
COMMENT ON COLUMN attendance.overtime_rules.definition IS
    'Fields of plant.overtime.OvertimeRule that differ from the defaults, in minutes; multipliers by kind of day.';

CREATE TABLE attendance.shifts (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    shift_id text NOT NULL,
    shift_name text NOT NULL,
    segments jsonb NOT NULL,
    grace_in_min integer NOT NULL DEFAULT 0 CHECK (grace_in_min >= 0),
    grace_out_min integer NOT NULL DEFAULT 0 CHECK (grace_out_min >= 0),
    window_before_min integer NOT NULL DEFAULT 240 CHECK (window_before_min BETWEEN 0 AND 1440),
    window_after_min integer NOT NULL DEFAULT 360 CHECK (window_after_min BETWEEN 0 AND 1440),
    breaks jsonb NOT NULL DEFAULT '[]',
    required_min integer,
    PRIMARY KEY (organization_id, shift_id)
);
COMMENT ON TABLE attendance.shifts IS 'Shift patterns (seed 003).';
COMMENT ON COLUMN attendance.shifts.segments IS '[["22:00", "06:00"]]: wall times from-to; an end at or before its start is on the next day.';
COMMENT ON COLUMN attendance.shifts.breaks IS '[{"minutes": 30, "start": "12:00", "is_paid": false}]; without start: deducted from after_minutes on.';
COMMENT ON COLUMN attendance.shifts.required_min IS 'Flexible work: so many minutes within the segments; NULL: fixed hours.';

CREATE TABLE attendance.shift_assignments (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    assignment_id bigint GENERATED ALWAYS AS IDENTITY,
    employee_id text NOT NULL,
    first_day date NOT NULL,
    last_day date,
    cycle text[] NOT NULL CHECK (cardinality(cycle) >= 1),
    is_expected boolean,
    PRIMARY KEY (organization_id, assignment_id),
    FOREIGN KEY (organization_id, employee_id) REFERENCES attendance.employees,
    CHECK (last_day >= first_day)
);
CREATE INDEX shift_assignments_of_employee ON attendance.shift_assignments (organization_id, employee_id, first_day);
COMMENT ON TABLE attendance.shift_assignments IS 'Who works which shift when (seed 003).';
COMMENT ON COLUMN attendance.shift_assignments.cycle IS
    'shift_id of first_day, of the day after …, over and over; NULL is a day off. One element: the same shift every day.';
COMMENT ON COLUMN attendance.shift_assignments.is_expected IS 'Whether absence counts; NULL: on working days only.';

CREATE TABLE attendance.punches (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source text NOT NULL,
    device text NOT NULL,
    employee_id text NOT NULL,
    punched_at timestamptz NOT NULL,
    direction text CHECK (direction IN ('in', 'out')),
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, employee_id, punched_at, source, device)
);
COMMENT ON TABLE attendance.punches IS 'What the terminals said, each event once by source, device, employee and time; never deleted.';
COMMENT ON COLUMN attendance.punches.device IS 'Empty where the source does not name one.';
COMMENT ON COLUMN attendance.punches.direction IS 'NULL where the terminal does not say, or said both.';
SELECT warehouse.make_hypertable('attendance.punches', 'punched_at');

CREATE TABLE attendance.refusals (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    refusal_id bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    event jsonb NOT NULL,
    event_hash text NOT NULL,
    times integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, refusal_id),
    UNIQUE (organization_id, source, event_hash)
);
COMMENT ON TABLE attendance.refusals IS 'Events that are no punches (25:61, the future), as they came, with the reason.';

CREATE TABLE attendance.sources (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source text NOT NULL,
    watermark timestamptz NOT NULL,
    is_required boolean NOT NULL DEFAULT true,
    PRIMARY KEY (organization_id, source)
);
COMMENT ON COLUMN attendance.sources.watermark IS 'Everything up to here has arrived: the newest punch, or what the source said itself.';
COMMENT ON COLUMN attendance.sources.is_required IS 'Whether nobody is absent before this source has reported; false for a retired one.';

CREATE TABLE attendance.touched_days (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    employee_id text NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (organization_id, employee_id, day)
);
COMMENT ON TABLE attendance.touched_days IS 'Local dates with new punches that no recomputation has seen yet.';

CREATE TABLE attendance.employee_attendance (
    production_day date NOT NULL,
    employee_id text NOT NULL,
    shift_id text NOT NULL,
    shift_day date NOT NULL,
    shift_start timestamptz NOT NULL,
    shift_end timestamptz NOT NULL,
    day_type text NOT NULL CHECK (day_type IN ('workday', 'rest_day', 'holiday')),
    is_expected boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('PRESENT', 'LATE', 'EARLY_EXIT', 'ABSENT', 'PENDING', 'NOT_EXPECTED')),
    is_late boolean,
    is_early_exit boolean,
    grace_period_applied boolean NOT NULL,
    flagged_for_review boolean NOT NULL,
    flags text[] NOT NULL,
    check_in timestamptz,
    check_out timestamptz,
    late_s integer,
    early_s integer,
    punch_count integer NOT NULL,
    presence_s integer NOT NULL,
    paid_gap_s integer NOT NULL,
    regular_s integer NOT NULL,
    overtime_before_s integer NOT NULL,
    overtime_after_s integer NOT NULL,
    overtime_daily_s integer NOT NULL,
    unpaid_break_s integer NOT NULL,
    unpaid_before_s integer NOT NULL,
    unpaid_after_s integer NOT NULL,
    unpaid_between_s integer NOT NULL,
    unpaid_cap_s integer NOT NULL,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day, employee_id, shift_start, shift_id)
);
CREATE INDEX employee_attendance_of_employee ON attendance.employee_attendance (organization_id, employee_id, production_day);
COMMENT ON TABLE attendance.employee_attendance IS 'One row a person and shift, by the production day on which the shift begins (seed 003).';
COMMENT ON COLUMN attendance.employee_attendance.presence_s IS 'Proven by an IN and an OUT; the bins that follow say where each second went.';
SELECT warehouse.make_hypertable('attendance.employee_attendance', 'production_day');

CREATE TABLE attendance.punch_ledger (
    production_day date NOT NULL,
    employee_id text NOT NULL,
    punched_at timestamptz NOT NULL,
    source text NOT NULL,
    device text NOT NULL,
    role text NOT NULL,
    reason text,
    shift_id text,
    shift_start timestamptz,
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    PRIMARY KEY (organization_id, production_day, employee_id, punched_at, source, device),
    CHECK ((role = 'exception') = (reason IS NOT NULL)),
    CHECK ((role = 'exception') = (shift_id IS NULL))
);
COMMENT ON TABLE attendance.punch_ledger IS 'What became of every punch: its shift and its role there, or the reason why it has none.';
SELECT warehouse.make_hypertable('attendance.punch_ledger', 'production_day');

CREATE TABLE attendance.payroll_periods (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    first_day date NOT NULL,
    last_day date NOT NULL,
    frozen_at timestamptz NOT NULL,
    frozen_by text NOT NULL,
    PRIMARY KEY (organization_id, first_day),
    CHECK (last_day >= first_day)
);
COMMENT ON TABLE attendance.payroll_periods IS 'Frozen periods: their lines never change again; what comes later is an adjustment.';

CREATE TABLE attendance.payroll_lines (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    booked_day date NOT NULL,
    production_day date NOT NULL,
    employee_id text NOT NULL,
    shift_start timestamptz NOT NULL,
    shift_id text NOT NULL,
    category text NOT NULL,
    multiplier numeric(6, 3) NOT NULL,
    seconds bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('line', 'adjustment')),
    booked_at timestamptz,
    reason text,
    CHECK (kind = 'adjustment' OR (booked_day = production_day AND seconds > 0)),
    CHECK ((kind = 'adjustment') = (booked_at IS NOT NULL))
);
CREATE INDEX payroll_lines_of_employee ON attendance.payroll_lines (organization_id, employee_id, production_day);
CREATE INDEX payroll_lines_of_period ON attendance.payroll_lines (organization_id, booked_day);
COMMENT ON TABLE attendance.payroll_lines IS 'What is paid: seconds by person, shift, category and multiplier.';
COMMENT ON COLUMN attendance.payroll_lines.booked_day IS
    'Day whose period pays it: the production day; for an adjustment of a frozen period the first day that is not frozen.';

CREATE VIEW attendance.exceptions AS
SELECT 'punch' AS kind, organization_id, source, device, employee_id, punched_at, reason, NULL::text AS field,
    NULL::jsonb AS event, 1 AS times, production_day
FROM attendance.punch_ledger
WHERE role = 'exception'
UNION ALL
SELECT 'event', organization_id, source, NULL, event ->> 'employee_id', NULL, reason, field, event, times, NULL
FROM attendance.refusals;
COMMENT ON VIEW attendance.exceptions IS 'The exceptions queue: punches that belong to no shift, and events that are no punches.';

CREATE VIEW attendance.employee_attendance_rate AS
SELECT organization_id, employee_id, date_trunc('month', production_day) AS month,
    count(*) AS expected_shifts,
    count(*) FILTER (WHERE status <> 'ABSENT') AS attended_shifts,
    100.0 * count(*) FILTER (WHERE status <> 'ABSENT') / count(*) AS attendance_rate
FROM attendance.employee_attendance
WHERE organization_id = warehouse.current_organization() AND is_expected AND status NOT IN ('PENDING', 'NOT_EXPECTED')
GROUP BY organization_id, employee_id, date_trunc('month', production_day);
COMMENT ON VIEW attendance.employee_attendance_rate IS
    'Share of expected shifts attended by person and month, in percent (seed 003); shifts not judged yet do not count.';

SELECT warehouse.grant_schema('attendance');
