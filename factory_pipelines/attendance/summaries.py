"""What a person's days add up to, and what one punch means now."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from factory_pipelines.plant.attendance import AttendancePolicy, Flag, Status, Verdict, judge
from factory_pipelines.plant.punches import Punch, PunchPolicy, Role, ShiftPunches, read_punches
from factory_pipelines.plant.shifts import PlannedShift, ShiftCalendar, ShiftPattern

_ATTENDED = frozenset({"PRESENT", "LATE", "EARLY_EXIT"})


@dataclass(frozen=True, slots=True)
class Summary:
    """One person's range of days. The first five are the seed's fields.

    Attributes:
        total_days: shifts attended.
        on_time: of those, neither late nor left early.
        late: arrived late.
        early_exits: left early; somebody may be both.
        on_time_percentage: on_time / total_days × 100, to a tenth; None without a day.
        absent: expected and did not come.
        pending: cannot be known yet.
        flagged_for_review: shifts that somebody should look at.
        presence_s: proven presence, seconds.
    """

    total_days: int
    on_time: int
    late: int
    early_exits: int
    on_time_percentage: float | None
    absent: int
    pending: int
    flagged_for_review: int
    presence_s: int


def summarise(rows: Sequence[Mapping[str, Any]]) -> Summary:
    """Rows of ``employee_attendance`` of one person, added up."""
    attended = [row for row in rows if row["status"] in _ATTENDED]
    on_time = sum(1 for row in attended if not row["is_late"] and not row["is_early_exit"])
    return Summary(
        total_days=len(attended),
        on_time=on_time,
        late=sum(1 for row in attended if row["is_late"]),
        early_exits=sum(1 for row in attended if row["is_early_exit"]),
        on_time_percentage=round(100 * on_time / len(attended), 1) if attended else None,
        absent=sum(1 for row in rows if row["status"] == Status.ABSENT.value),
        pending=sum(1 for row in rows if row["status"] == Status.PENDING.value),
        flagged_for_review=sum(1 for row in rows if row["flagged_for_review"]),
        presence_s=sum(row["presence_s"] for row in rows),
    )


def as_dict(summary: Summary) -> dict[str, Any]:
    """The summary's fields by name."""
    return asdict(summary)


@dataclass(frozen=True, slots=True)
class PunchVerdict:
    """What one punch means: the shift it belongs to as it stands now, or why it belongs to none."""

    status: str
    is_late: bool
    is_early_exit: bool
    grace_period_applied: bool
    flagged_for_review: bool
    skipped_duplicate: bool
    shift: PlannedShift | None
    exception: str | None


def explain_punch(
    punch: Punch,
    punches: Sequence[Punch],
    shifts: Sequence[PlannedShift],
    *,
    is_known: bool,
    punch_policy: PunchPolicy,
    policy: AttendancePolicy,
) -> PunchVerdict:
    """Reads the person's punches (``punch`` among them) and says what became of ``punch``."""
    reading = read_punches(punches, shifts, punch_policy)
    for shift in reading.shifts:
        for read, role in shift.roles:
            if read == punch:
                verdict = judge(shift, reported_until=None, policy=policy)
                return _verdict(shift, verdict, role, is_known=is_known)
    reasons = [reason.value for read, reason in reading.exceptions if read == punch]
    exception = reasons[0] if is_known and reasons else "unknown_employee"
    return PunchVerdict("PRESENT", False, False, False, True, False, None, exception)


def _verdict(shift: ShiftPunches, verdict: Verdict, role: Role, *, is_known: bool) -> PunchVerdict:
    # A missing OUT is no reason for review while somebody is at work; the others are.
    flags = set(verdict.flags) - {Flag.MISSING_OUT}
    return PunchVerdict(
        status=verdict.status.value,
        is_late=bool(verdict.is_late),
        is_early_exit=bool(verdict.is_early_exit),
        grace_period_applied=verdict.grace_period_applied,
        flagged_for_review=bool(flags) or not is_known,
        skipped_duplicate=role is Role.DUPLICATE,
        shift=shift.planned,
        exception=None if is_known else "unknown_employee",
    )


def shift_on_the_spot(
    calendar: ShiftCalendar, at: datetime, start: time, end: time, *, grace_min: int
) -> list[PlannedShift]:
    """A shift that the caller describes, on the days around a punch."""
    pattern = ShiftPattern(f"{start:%H:%M}-{end:%H:%M}", ((start, end),), grace_in_min=grace_min)
    day: date = at.astimezone(calendar.clock.zone).date()
    return [calendar.plan(pattern, day + timedelta(days=n)) for n in (-1, 0, 1)]
