"""The rows of one person's stretch of days: shift instances and the ledger of punches, out of roster and punches."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from factory_pipelines.attendance.rosters import Roster
from factory_pipelines.plant.attendance import AttendancePolicy, judge
from factory_pipelines.plant.overtime import OvertimeRule, measure
from factory_pipelines.plant.punches import Punch, PunchPolicy, Reason, ShiftPunches, read_punches

# A punch changes its own shift, at most the neighbours whose windows it shares, and the rest before the next one.
REACH = timedelta(days=2)

ATTENDANCE_COLUMNS = (
    *("production_day", "employee_id", "shift_id", "shift_day", "shift_start", "shift_end", "day_type", "is_expected"),
    *("status", "is_late", "is_early_exit", "grace_period_applied", "flagged_for_review", "flags"),
    *("check_in", "check_out", "late_s", "early_s", "punch_count"),
    *("presence_s", "paid_gap_s", "regular_s", "overtime_before_s", "overtime_after_s", "overtime_daily_s"),
    *("unpaid_break_s", "unpaid_before_s", "unpaid_after_s", "unpaid_between_s", "unpaid_cap_s"),
)
LEDGER_COLUMNS = (
    *("production_day", "employee_id", "punched_at", "source", "device", "role", "reason", "shift_id", "shift_start"),
)

_DAY = timedelta(days=1)
_KEY = "\x1f"  # between source and device, neither of which holds control characters


@dataclass(frozen=True, slots=True)
class Policies:
    """How punches are read and judged."""

    punches: PunchPolicy = field(default_factory=PunchPolicy)
    attendance: AttendancePolicy = field(default_factory=AttendancePolicy)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Production days of one person, both ends included."""

    employee_id: str
    first: date
    last: date


def punch_of(at: datetime, direction: Any, source: str, device: str) -> Punch:
    """A stored punch as the engine takes it; its key names source and device."""
    return Punch(at, direction, f"{source}{_KEY}{device}")


def compute(
    stretch: Stretch,
    roster: Roster,
    punches: Sequence[Punch],
    *,
    reported_until: datetime | None,
    policies: Policies,
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows of ``employee_attendance`` and of ``punch_ledger`` for the stretch, in their columns' order.

    Args:
        stretch: the days wanted.
        roster: must cover two days more at each end.
        punches: the person's, from three days before the stretch to three days after.
        reported_until: see ``plant.attendance.judge``.
        policies: how punches are read and judged.
    """
    employee = stretch.employee_id
    rule = roster.rules.get(employee)
    clock = roster.calendar.clock
    if rule is None:
        lost = ((p, Reason.UNKNOWN_EMPLOYEE) for p in punches)
        return [], [r for p, reason in lost if (r := _lost(stretch, clock.production_day(p.at), p, reason))]
    # A calendar day more at each end: a shift before the day's start belongs to the production day before.
    margin = REACH + _DAY
    shifts = roster.shifts(employee, stretch.first - margin, stretch.last + margin)
    reading = read_punches(punches, shifts, policies.punches)
    attendance: list[tuple[Any, ...]] = []
    ledger: list[tuple[Any, ...]] = []
    left: datetime | None = None
    for shift in reading.shifts:
        day = shift.planned.production_day
        if stretch.first <= day <= stretch.last:
            attendance.append(_instance(employee, shift, rule, left, reported_until, policies))
            ledger.extend(_entries(employee, shift))
        left = shift.last_out or left
    for punch, reason in reading.exceptions:
        if row := _lost(stretch, clock.production_day(punch.at), punch, reason):
            ledger.append(row)
    return attendance, ledger


def _instance(
    employee: str,
    shift: ShiftPunches,
    rule: OvertimeRule,
    left_before: datetime | None,
    reported_until: datetime | None,
    policies: Policies,
) -> tuple[Any, ...]:
    planned = shift.planned
    verdict = judge(shift, reported_until=reported_until, left_before=left_before, policy=policies.attendance)
    m = measure(shift, rule)
    return (
        *(planned.production_day, employee, planned.pattern.shift_id, planned.shift_day, planned.start, planned.end),
        *(planned.day_type.value, planned.is_expected),
        *(verdict.status.value, verdict.is_late, verdict.is_early_exit, verdict.grace_period_applied),
        *(bool(verdict.flags), [flag.value for flag in verdict.flags]),
        *(shift.first_in, shift.last_out, _seconds(verdict.late), _seconds(verdict.early), len(shift.roles)),
        *(m.presence, m.paid_gap, m.regular, m.overtime_before, m.overtime_after, m.overtime_daily),
        *(m.unpaid_break, m.unpaid_before, m.unpaid_after, m.unpaid_between, m.unpaid_cap),
    )


def _entries(employee: str, shift: ShiftPunches) -> Iterable[tuple[Any, ...]]:
    planned = shift.planned
    for punch, role in shift.roles:
        source, device = punch.key.split(_KEY)
        yield (
            *(planned.production_day, employee, punch.at, source, device, role.value, None),
            *(planned.pattern.shift_id, planned.start),
        )


def _lost(stretch: Stretch, day: date, punch: Punch, reason: Reason) -> tuple[Any, ...] | None:
    if not stretch.first <= day <= stretch.last:
        return None
    source, device = punch.key.split(_KEY)
    return day, stretch.employee_id, punch.at, source, device, "exception", reason.value, None, None


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else length // timedelta(seconds=1)


def around(employee_id: str, day: date) -> Stretch:
    """Everything that a punch on the calendar day ``day`` can change."""
    return Stretch(employee_id, day - REACH, day + REACH)


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same days in as few stretches as possible: those that touch become one, days far apart stay apart."""
    found: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: (s.employee_id, s.first)):
        last = found[-1] if found else None
        if last and last.employee_id == stretch.employee_id and stretch.first <= last.last + _DAY:
            if stretch.last > last.last:
                found[-1] = Stretch(last.employee_id, last.first, stretch.last)
        else:
            found.append(stretch)
    return found


def days_of(stretch: Stretch) -> Iterator[date]:
    """The days of a stretch, in order."""
    day = stretch.first
    while day <= stretch.last:
        yield day
        day += _DAY


def computed_before(
    stretches: Iterable[Stretch], everybody: Collection[date], punched: Mapping[str, Collection[date]]
) -> list[Stretch]:
    """The part of ``stretches`` that has been computed before.

    Args:
        stretches: may overlap.
        everybody: production days that were computed for all people.
        punched: calendar days on which a person punched; the days around them were computed for that person.
    """
    reached = {person: {day for at in days for day in days_of(around(person, at))} for person, days in punched.items()}
    nothing: set[date] = set()
    return joined(
        Stretch(stretch.employee_id, day, day)
        for stretch in joined(stretches)
        for day in days_of(stretch)
        if day in everybody or day in reached.get(stretch.employee_id, nothing)
    )
