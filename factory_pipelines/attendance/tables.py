"""The tables of attendance, declared: what the UI shows as column schemas and the checks hold against the database."""

from factory_pipelines.orchestration.tables import Column, Table

_DAY = Column("date", "Production day on which the shift begins.")
_ORGANIZATION = Column("uuid", "Whose row this is.")
_EMPLOYEE = Column("text", "Code of the employee.")
_SHIFT = Column("text", "Shift pattern (attendance.shifts).")
_START = Column("timestamp with time zone", "Planned start of the shift.")
_AT = Column("timestamp with time zone", "Time of the punch, to the second.")
_SOURCE = Column("text", "System that sent it.")
_DEVICE = Column("text", "Terminal; empty where the source does not name one.")


def _seconds(text: str) -> Column:
    return Column("integer", f"{text}, seconds.")


PUNCHES = Table(
    "attendance",
    "punches",
    {
        "organization_id": _ORGANIZATION,
        "source": _SOURCE,
        "device": _DEVICE,
        "employee_id": _EMPLOYEE,
        "punched_at": _AT,
        "direction": Column("text", "`in` or `out`; NULL where the terminal does not say.", True),
        "ingested_at": Column("timestamp with time zone", "When it arrived."),
    },
)

EMPLOYEE_ATTENDANCE = Table(
    "attendance",
    "employee_attendance",
    {
        "production_day": _DAY,
        "employee_id": _EMPLOYEE,
        "shift_id": _SHIFT,
        "shift_day": Column("date", "Calendar date on which the shift begins."),
        "shift_start": _START,
        "shift_end": Column("timestamp with time zone", "Planned end of the shift."),
        "day_type": Column("text", "workday, rest_day or holiday."),
        "is_expected": Column("boolean", "Whether staying away is absence."),
        "status": Column("text", "PRESENT, LATE, EARLY_EXIT, ABSENT, PENDING (not known yet) or NOT_EXPECTED."),
        "is_late": Column("boolean", "Came after start and grace; NULL while nobody came.", True),
        "is_early_exit": Column("boolean", "Left before end and grace; NULL while not known.", True),
        "grace_period_applied": Column("boolean", "Came after the start, within the grace."),
        "flagged_for_review": Column("boolean", "Somebody should look at it."),
        "flags": Column("text[]", "Why."),
        "check_in": Column("timestamp with time zone", "First arrival.", True),
        "check_out": Column("timestamp with time zone", "Last departure.", True),
        "late_s": Column("integer", "Arrival after the start, seconds.", True),
        "early_s": Column("integer", "Departure before the end, seconds.", True),
        "punch_count": Column("integer", "Punches that belong to the shift."),
        "presence_s": _seconds("Between IN and OUT"),
        "paid_gap_s": _seconds("Absence during a paid break"),
        "regular_s": _seconds("Within the plan, without unpaid breaks"),
        "overtime_before_s": _seconds("Paid presence before the start"),
        "overtime_after_s": _seconds("Paid presence after the end"),
        "overtime_daily_s": _seconds("Regular time beyond the daily limit"),
        "unpaid_break_s": _seconds("Worked through an unpaid break"),
        "unpaid_before_s": _seconds("Early presence that earns nothing"),
        "unpaid_after_s": _seconds("Late presence that earns nothing"),
        "unpaid_between_s": _seconds("Between the segments of a split shift"),
        "unpaid_cap_s": _seconds("Overtime beyond the daily cap"),
        "organization_id": _ORGANIZATION,
    },
)

PUNCH_LEDGER = Table(
    "attendance",
    "punch_ledger",
    {
        "production_day": Column("date", "The shift's day; of an exception the production day of its time."),
        "employee_id": _EMPLOYEE,
        "punched_at": _AT,
        "source": _SOURCE,
        "device": _DEVICE,
        "role": Column("text", "in, out, duplicate, repeated_in, superseded_out, out_without_in or exception."),
        "reason": Column("text", "Of an exception: no_shift, outside_every_window, unknown_employee.", True),
        "shift_id": Column("text", "Shift pattern; NULL for an exception.", True),
        "shift_start": Column("timestamp with time zone", "Planned start; NULL for an exception.", True),
        "organization_id": _ORGANIZATION,
    },
)

PAYROLL_LINES = Table(
    "attendance",
    "payroll_lines",
    {
        "organization_id": _ORGANIZATION,
        "booked_day": Column("date", "Day whose period pays the line."),
        "production_day": _DAY,
        "employee_id": _EMPLOYEE,
        "shift_start": _START,
        "shift_id": _SHIFT,
        "category": Column("text", "regular, rest_day, holiday, overtime_before, _after, _daily or _weekly."),
        "multiplier": Column("numeric(6,3)", "Worth of an hour."),
        "seconds": Column("bigint", "Seconds paid; an adjustment may be negative."),
        "kind": Column("text", "`line`, or `adjustment` of a frozen period."),
        "booked_at": Column("timestamp with time zone", "When an adjustment was made.", True),
        "reason": Column("text", "Why an adjustment was made.", True),
    },
)

PUNCH_FILES = Table(
    "attendance",
    "punch_files",
    {
        "organization_id": _ORGANIZATION,
        "source": _SOURCE,
        "content_hash": Column("text", "SHA-256 of the content: what makes it this file."),
        "file_name": Column("text", "As it was called when it was seen last."),
        "size_bytes": Column("bigint", "Length in bytes."),
        "modified_at": Column("timestamp with time zone", "When it was last written to."),
        "format_hash": Column("text", "SHA-256 of the description it was read by."),
        "status": Column("text", "`taken` or `refused`."),
        "reason": Column("text", "Why the whole file was refused, and what to do.", True),
        "row_count": Column("integer", "Rows read: accepted, duplicates and refused."),
        "accepted": Column("integer", "Rows that were new punches."),
        "duplicates": Column("integer", "Rows whose punch was known."),
        "refused": Column("integer", "Rows that are no punches; they are kept in attendance.refusals."),
        "imported_at": Column("timestamp with time zone", "When it was read."),
    },
)
