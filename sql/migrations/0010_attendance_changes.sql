-- What HR changes and what terminals export: which days a change of rosters touches, and which files of punches have been taken.
-- depends: 0008_attendance

CREATE TABLE attendance.computed_days (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    production_day date NOT NULL,
    is_everybody boolean NOT NULL,
    calendar text,
    PRIMARY KEY (organization_id, production_day)
);
COMMENT ON TABLE attendance.computed_days IS 'Production days that have been computed, and by which calendar.';
COMMENT ON COLUMN attendance.computed_days.is_everybody IS 'Computed for everybody; false: only for people whose punches touched it.';
COMMENT ON COLUMN attendance.computed_days.calendar IS
    'Kind of day and its first and last instant; where the settings say something else now, the day is computed again. NULL: not known.';
INSERT INTO attendance.computed_days (organization_id, production_day, is_everybody)
SELECT DISTINCT organization_id, production_day, true FROM attendance.employee_attendance;

CREATE TABLE attendance.roster_changes (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    employee_id text,
    shift_id text,
    rule_name text,
    first_day date NOT NULL,
    last_day date NOT NULL,
    PRIMARY KEY (organization_id, change_id),
    CHECK (num_nonnulls(employee_id, shift_id, rule_name) = 1)
);
COMMENT ON TABLE attendance.roster_changes IS
    'Changes of rosters that no recomputation has seen yet, written by triggers: of a person, of a shift pattern, of an overtime rule.';

-- One trigger a table and operation, as transition tables want it; a statement over 5,000 rows is still one call.
CREATE FUNCTION attendance.note_assignments() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT organization_id, employee_id, first_day, coalesce(last_day, 'infinity') FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT organization_id, employee_id, first_day, coalesce(last_day, 'infinity') FROM old_rows;
    ELSE
        -- An assignment that only ends earlier or later touches the days between both ends.
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT n.organization_id, n.employee_id,
            least(coalesce(o.last_day, 'infinity'), coalesce(n.last_day, 'infinity')) + 1,
            greatest(coalesce(o.last_day, 'infinity'), coalesce(n.last_day, 'infinity'))
        FROM old_rows AS o JOIN new_rows AS n USING (organization_id, assignment_id)
        WHERE (o.employee_id, o.first_day, o.cycle) = (n.employee_id, n.first_day, n.cycle)
            AND o.is_expected IS NOT DISTINCT FROM n.is_expected AND o.last_day IS DISTINCT FROM n.last_day
        UNION ALL
        SELECT each.organization_id, each.employee_id, each.first_day, coalesce(each.last_day, 'infinity')
        FROM old_rows AS o JOIN new_rows AS n USING (organization_id, assignment_id)
            CROSS JOIN LATERAL (VALUES (o.organization_id, o.employee_id, o.first_day, o.last_day),
                (n.organization_id, n.employee_id, n.first_day, n.last_day)) AS each (organization_id, employee_id, first_day, last_day)
        WHERE (o.employee_id, o.first_day, o.cycle) <> (n.employee_id, n.first_day, n.cycle)
            OR o.is_expected IS DISTINCT FROM n.is_expected;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION attendance.note_shifts() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO attendance.roster_changes (organization_id, shift_id, first_day, last_day)
        SELECT organization_id, shift_id, '-infinity', 'infinity' FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO attendance.roster_changes (organization_id, shift_id, first_day, last_day)
        SELECT organization_id, shift_id, '-infinity', 'infinity' FROM old_rows;
    ELSE -- a new name changes nobody's day
        INSERT INTO attendance.roster_changes (organization_id, shift_id, first_day, last_day)
        SELECT each.organization_id, each.shift_id, '-infinity', 'infinity'
        FROM (SELECT organization_id, shift_id, segments, grace_in_min, grace_out_min, window_before_min, window_after_min, breaks, required_min
                FROM new_rows EXCEPT
            SELECT organization_id, shift_id, segments, grace_in_min, grace_out_min, window_before_min, window_after_min, breaks, required_min
                FROM old_rows) AS each;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION attendance.note_employees() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT organization_id, employee_id, '-infinity', 'infinity' FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT organization_id, employee_id, '-infinity', 'infinity' FROM old_rows;
    ELSE
        INSERT INTO attendance.roster_changes (organization_id, employee_id, first_day, last_day)
        SELECT each.organization_id, each.employee_id, '-infinity', 'infinity'
        FROM (SELECT organization_id, employee_id, overtime_rule FROM new_rows EXCEPT
            SELECT organization_id, employee_id, overtime_rule FROM old_rows) AS each;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION attendance.note_rules() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO attendance.roster_changes (organization_id, rule_name, first_day, last_day)
        SELECT organization_id, rule_name, '-infinity', 'infinity' FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO attendance.roster_changes (organization_id, rule_name, first_day, last_day)
        SELECT organization_id, rule_name, '-infinity', 'infinity' FROM old_rows;
    ELSE
        INSERT INTO attendance.roster_changes (organization_id, rule_name, first_day, last_day)
        SELECT each.organization_id, each.rule_name, '-infinity', 'infinity'
        FROM (SELECT organization_id, rule_name, definition FROM new_rows EXCEPT
            SELECT organization_id, rule_name, definition FROM old_rows) AS each;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER assignments_added AFTER INSERT ON attendance.shift_assignments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_assignments();
CREATE TRIGGER assignments_changed AFTER UPDATE ON attendance.shift_assignments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_assignments();
CREATE TRIGGER assignments_removed AFTER DELETE ON attendance.shift_assignments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_assignments();
CREATE TRIGGER shifts_added AFTER INSERT ON attendance.shifts
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_shifts();
CREATE TRIGGER shifts_changed AFTER UPDATE ON attendance.shifts
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_shifts();
CREATE TRIGGER shifts_removed AFTER DELETE ON attendance.shifts
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_shifts();
CREATE TRIGGER employees_added AFTER INSERT ON attendance.employees
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_employees();
CREATE TRIGGER employees_changed AFTER UPDATE ON attendance.employees
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_employees();
CREATE TRIGGER employees_removed AFTER DELETE ON attendance.employees
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_employees();
CREATE TRIGGER rules_added AFTER INSERT ON attendance.overtime_rules
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_rules();
CREATE TRIGGER rules_changed AFTER UPDATE ON attendance.overtime_rules
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_rules();
CREATE TRIGGER rules_removed AFTER DELETE ON attendance.overtime_rules
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION attendance.note_rules();

CREATE TABLE attendance.punch_files (
    organization_id uuid NOT NULL DEFAULT warehouse.current_organization(),
    source text NOT NULL,
    content_hash text NOT NULL,
    file_name text NOT NULL,
    size_bytes bigint NOT NULL,
    modified_at timestamptz NOT NULL,
    format_hash text NOT NULL,
    status text NOT NULL CHECK (status IN ('taken', 'refused')),
    reason text,
    row_count integer NOT NULL,
    accepted integer NOT NULL,
    duplicates integer NOT NULL,
    refused integer NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, source, content_hash),
    CHECK (row_count = accepted + duplicates + refused),
    CHECK ((status = 'refused') = (reason IS NOT NULL))
);
COMMENT ON TABLE attendance.punch_files IS 'Files of punches, each once by its content, whatever it is called and how often it comes.';
COMMENT ON COLUMN attendance.punch_files.file_name IS 'As it was called when it was seen last, with size and time of change: how an inbox knows it again.';
COMMENT ON COLUMN attendance.punch_files.format_hash IS 'Of the description it was read by: a refused file is read again when that changes.';
COMMENT ON COLUMN attendance.punch_files.refused IS 'Rows in attendance.refusals, with their line.';

CREATE UNIQUE INDEX shift_assignments_once ON attendance.shift_assignments (organization_id, employee_id, first_day, cycle);

SELECT warehouse.grant_schema('attendance');
