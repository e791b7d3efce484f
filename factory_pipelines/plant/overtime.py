"""Presence becomes pay: regular time, overtime and what is not paid, to the second.

Every second of presence lands in exactly one bin of ``Minutes``, so the bins add up to the presence; nothing is rounded
here, nor anywhere before a sum (``attendance/payroll.py`` rounds once, what it prints).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from factory_pipelines.plant.punches import ShiftPunches
from factory_pipelines.plant.shifts import DayType, PlannedShift, Span, overlap

_NONE = timedelta()
_SECOND = timedelta(seconds=1)


def _multipliers() -> dict[DayType, Decimal]:
    return {DayType.WORKDAY: Decimal("1.5"), DayType.REST_DAY: Decimal(2), DayType.HOLIDAY: Decimal(3)}


@dataclass(frozen=True, slots=True)
class OvertimeRule:
    """When presence is overtime, and what it is worth. All limits in minutes; None: there is no such rule.

    Attributes:
        before_after_min: presence before the start is overtime from this many minutes on; None: coming early earns
            nothing.
        after_after_min: likewise after the end; None: staying earns nothing.
        counts_from_first_minute: past its threshold the whole stretch counts; else only what exceeds it.
        daily_after_min: regular time of one shift beyond this is overtime.
        weekly_after_min: regular time of working days of one week beyond this is overtime.
        daily_cap_min: overtime of a shift beyond this is not paid.
        weekly_cap_min: overtime of a week beyond this is not paid.
        week_starts_on: first day of the week, Monday = 0.
        multipliers: worth of an hour of overtime by kind of day; on rest days and holidays of any hour.
    """

    before_after_min: int | None = None
    after_after_min: int | None = 0
    counts_from_first_minute: bool = True
    daily_after_min: int | None = None
    weekly_after_min: int | None = None
    daily_cap_min: int | None = None
    weekly_cap_min: int | None = None
    week_starts_on: int = 0
    multipliers: Mapping[DayType, Decimal] = field(default_factory=_multipliers)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Where the presence of one shift went, in whole seconds.

    ``presence + paid_gap = regular + overtime_* + unpaid_*``.

    Attributes:
        presence: between IN and OUT.
        paid_gap: absence during a paid break.
        regular: within the plan, without unpaid breaks.
        overtime_before: before the start.
        overtime_after: after the end.
        overtime_daily: regular time beyond the shift's limit.
        overtime_weekly: regular time beyond the week's limit.
        unpaid_break: worked through an unpaid break, which is deducted all the same.
        unpaid_before: early presence that earns nothing.
        unpaid_after: late presence that earns nothing.
        unpaid_between: between the segments of a split shift.
        unpaid_cap: overtime beyond a cap.
    """

    presence: int = 0
    paid_gap: int = 0
    regular: int = 0
    overtime_before: int = 0
    overtime_after: int = 0
    overtime_daily: int = 0
    overtime_weekly: int = 0
    unpaid_break: int = 0
    unpaid_before: int = 0
    unpaid_after: int = 0
    unpaid_between: int = 0
    unpaid_cap: int = 0

    @property
    def overtime(self) -> int:
        """All overtime together, seconds."""
        return self.overtime_before + self.overtime_after + self.overtime_daily + self.overtime_weekly

    @property
    def unpaid(self) -> int:
        """All presence without pay, seconds."""
        return self.unpaid_break + self.unpaid_before + self.unpaid_after + self.unpaid_between + self.unpaid_cap


def measure(shift: ShiftPunches, rule: OvertimeRule) -> Minutes:
    """The bins of one shift, before the week's limits (``settle_week``)."""
    if not shift.sessions:
        return Minutes()
    planned, sessions = shift.planned, shift.sessions
    presence = sum((b - a for a, b in sessions), _NONE)
    before = overlap(sessions, sessions[0][0], planned.start)
    after = overlap(sessions, planned.end, sessions[-1][1])
    within = sum((overlap(sessions, a, b) for a, b in planned.segments), _NONE)
    gaps = [(a[1], b[0]) for a, b in pairwise(sessions)]
    paid_gap = _paid_gap(planned, gaps)
    unpaid_break = _unpaid_break(planned, sessions, gaps, within)
    early_paid = _paid_stretch(before, rule.before_after_min, whole=rule.counts_from_first_minute)
    late_paid = _paid_stretch(after, rule.after_after_min, whole=rule.counts_from_first_minute)
    regular = within - unpaid_break + paid_gap
    daily = _beyond(regular, rule.daily_after_min)
    minutes = Minutes(
        presence=presence // _SECOND,
        paid_gap=paid_gap // _SECOND,
        regular=(regular - daily) // _SECOND,
        overtime_before=early_paid // _SECOND,
        overtime_after=late_paid // _SECOND,
        overtime_daily=daily // _SECOND,
        unpaid_break=unpaid_break // _SECOND,
        unpaid_before=(before - early_paid) // _SECOND,
        unpaid_after=(after - late_paid) // _SECOND,
        unpaid_between=(presence - before - after - within) // _SECOND,
    )
    return _capped(minutes, _excess(minutes.overtime, rule.daily_cap_min))


def settle_week(week: Sequence[tuple[DayType, Minutes]], rule: OvertimeRule) -> list[Minutes]:
    """The shifts of one person and week, in order of time, with the week's limits applied.

    Regular time beyond the weekly limit becomes overtime, the latest first; then overtime beyond the weekly cap loses
    its pay, again the latest first. Rest days and holidays have their own multiplier and do not fill the week's limit.
    """
    settled = [minutes for _, minutes in week]
    if rule.weekly_after_min is not None:
        regular = sum(m.regular for day_type, m in week if day_type is DayType.WORKDAY)
        excess = _excess(regular, rule.weekly_after_min)
        for place in reversed(range(len(week))):
            if week[place][0] is DayType.WORKDAY and excess > 0:
                moved = min(excess, settled[place].regular)
                settled[place] = replace(
                    settled[place],
                    regular=settled[place].regular - moved,
                    overtime_weekly=settled[place].overtime_weekly + moved,
                )
                excess -= moved
    excess = _excess(sum(m.overtime for m in settled), rule.weekly_cap_min)
    for place in reversed(range(len(week))):
        cut = min(excess, settled[place].overtime)
        settled[place] = _capped(settled[place], cut)
        excess -= cut
    return settled


def pay_lines(day_type: DayType, minutes: Minutes, rule: OvertimeRule) -> list[tuple[str, int, Decimal]]:
    """What is paid for one shift: category, seconds, multiplier; categories without time have no line."""
    worth = rule.multipliers[day_type]
    regular = ("regular", Decimal(1)) if day_type is DayType.WORKDAY else (day_type.value, worth)
    lines = [(regular[0], minutes.regular, regular[1])]
    for category in ("overtime_before", "overtime_after", "overtime_daily", "overtime_weekly"):
        lines.append((category, getattr(minutes, category), worth))
    return [line for line in lines if line[1] > 0]


def _paid_gap(planned: PlannedShift, gaps: Sequence[Span]) -> timedelta:
    found = _NONE
    for start, end, is_paid in planned.breaks:
        if is_paid:
            for segment_start, segment_end in planned.segments:
                found += overlap(gaps, max(start, segment_start), min(end, segment_end))
    return found


def _unpaid_break(
    planned: PlannedShift, sessions: Sequence[Span], gaps: Sequence[Span], within: timedelta
) -> timedelta:
    """Unpaid breaks that were worked through: a punched break is no presence, and is not deducted twice."""
    found = _NONE
    for start, end, is_paid in planned.breaks:
        if not is_paid:
            for segment_start, segment_end in planned.segments:
                found += overlap(sessions, max(start, segment_start), min(end, segment_end))
    automatic = [b for b in planned.pattern.breaks if b.start is None and not b.is_paid]
    if not automatic:
        return found
    punched = sum((overlap(gaps, a, b) for a, b in planned.segments), _NONE)
    for pause in sorted(automatic, key=lambda b: b.after_minutes):
        if within >= timedelta(minutes=pause.after_minutes):
            length = timedelta(minutes=pause.minutes)
            taken = min(punched, length)
            punched -= taken
            found += length - taken
    return min(found, within)


def _paid_stretch(stretch: timedelta, threshold_min: int | None, *, whole: bool) -> timedelta:
    if threshold_min is None or stretch < timedelta(minutes=threshold_min):
        return _NONE
    return stretch if whole else stretch - timedelta(minutes=threshold_min)


def _beyond(length: timedelta, limit_min: int | None) -> timedelta:
    return _NONE if limit_min is None else max(length - timedelta(minutes=limit_min), _NONE)


def _excess(seconds: int, limit_min: int | None) -> int:
    return 0 if limit_min is None else max(seconds - 60 * limit_min, 0)


def _capped(minutes: Minutes, excess: int) -> Minutes:
    """``minutes`` with ``excess`` seconds of overtime unpaid: early presence first, then late, then the limits."""
    if excess <= 0:
        return minutes
    left = excess
    cut: dict[str, int] = {}
    for name in ("overtime_before", "overtime_after", "overtime_daily", "overtime_weekly"):
        taken = min(left, getattr(minutes, name))
        cut[name] = getattr(minutes, name) - taken
        left -= taken
    return replace(minutes, unpaid_cap=minutes.unpaid_cap + excess - left, **cut)
