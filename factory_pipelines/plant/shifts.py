"""Shift patterns, and what they mean on a given day: instants, windows, breaks.

A pattern speaks wall time ("22:00 to 06:00"); a planned shift is that pattern on one day in the plant's zone, in UTC.
All lengths are elapsed time, so that the night of a clock change is as long as it really was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from factory_pipelines.plant.clock import PlantClock

Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)


class DayType(StrEnum):
    """What kind of day a shift falls on; decides the multiplier of its pay."""

    WORKDAY = "workday"
    REST_DAY = "rest_day"
    HOLIDAY = "holiday"


class ShiftError(ValueError):
    """A pattern that cannot be worked; the message says which part of it is wrong."""


@dataclass(frozen=True, slots=True)
class Break:
    """Time within a shift in which nobody works.

    Attributes:
        minutes: length.
        start: wall time at which it begins; None for a break that is deducted wherever it was taken.
        is_paid: a paid break costs nothing, even where it was punched.
        after_minutes: without ``start``: deducted only from a presence of at least this long.
    """

    minutes: int
    start: time | None = None
    is_paid: bool = False
    after_minutes: int = 0


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """A way to work a day.

    Attributes:
        shift_id: name used by assignments.
        segments: wall times from–to, in order; an end at or before its start is on the next day, as is a segment that
            begins before the one before it ended (night, split).
        grace_in_min: an arrival up to this long after the start is not late.
        grace_out_min: a departure up to this long before the end is not early.
        window_before_min: punches this long before the start belong to the shift.
        window_after_min: punches this long after the end belong to the shift.
        breaks: breaks within it.
        required_min: flexible work: any minutes within the segments, but this many of them; None for fixed hours.
    """

    shift_id: str
    segments: tuple[tuple[time, time], ...]
    grace_in_min: int = 0
    grace_out_min: int = 0
    window_before_min: int = 240
    window_after_min: int = 360
    breaks: tuple[Break, ...] = ()
    required_min: int | None = None

    def __post_init__(self) -> None:
        """Refuses what cannot be worked.

        Raises:
            ShiftError: naming the shift and what is wrong with it.
        """
        if not self.segments:
            raise ShiftError(f"shift {self.shift_id}: it has no segments; give at least one from–to")
        minutes = (self.grace_in_min, self.grace_out_min, self.window_before_min, self.window_after_min)
        if min(*minutes, *(b.minutes for b in self.breaks), *(b.after_minutes for b in self.breaks)) < 0:
            raise ShiftError(f"shift {self.shift_id}: minutes of grace, windows and breaks cannot be negative")
        offsets = self.offsets()
        if offsets[-1][1] - offsets[0][0] > _DAY:
            raise ShiftError(f"shift {self.shift_id}: it spans more than 24 hours")

    def offsets(self) -> list[tuple[timedelta, timedelta]]:
        """The segments as wall time since the midnight that begins the shift's day."""
        found: list[tuple[timedelta, timedelta]] = []
        for start, end in self.segments:
            begin = _since_midnight(start)
            while found and begin < found[-1][1]:
                begin += _DAY
            finish = _since_midnight(end)
            while finish <= begin:
                finish += _DAY
            found.append((begin, finish))
        return found


@dataclass(frozen=True, slots=True)
class Rotation:
    """A cycle of shifts: ``cycle[(day − anchor) mod len]``; None is a day off."""

    anchor: date
    cycle: tuple[ShiftPattern | None, ...]

    def on(self, day: date) -> ShiftPattern | None:
        """The pattern of ``day``, or None for a day off."""
        return self.cycle[(day - self.anchor).days % len(self.cycle)]


@dataclass(frozen=True, slots=True, eq=False)
class PlannedShift:
    """One pattern on one day, in UTC; the same object for everybody who works it.

    Attributes:
        pattern: what it was made from.
        shift_day: calendar date on which it begins.
        production_day: production day that its start belongs to: a night shift stays on the day it began.
        day_type: workday, rest day or holiday.
        is_expected: whether somebody who does not come is absent; false on rest days and holidays by default.
        segments: from–to of each segment.
        breaks: from–to of each fixed break, and whether it is paid.
        start: start of the first segment.
        end: end of the last one.
        window_start: first instant of a punch that can belong to it.
        window_end: last such instant.
    """

    pattern: ShiftPattern
    shift_day: date
    production_day: date
    day_type: DayType
    is_expected: bool
    segments: tuple[Span, ...]
    breaks: tuple[tuple[datetime, datetime, bool], ...]
    start: datetime
    end: datetime
    window_start: datetime
    window_end: datetime


class ShiftCalendar:
    """Plans patterns on days, each combination once."""

    def __init__(self, clock: PlantClock) -> None:
        """``clock`` gives zone, production days, rest days and holidays."""
        self.clock = clock
        self._planned: dict[tuple[str, date, bool | None], PlannedShift] = {}

    def plan(self, pattern: ShiftPattern, day: date, *, is_expected: bool | None = None) -> PlannedShift:
        """``pattern`` as it is worked on ``day``.

        Args:
            pattern: patterns of one calendar differ in ``shift_id``.
            day: calendar date on which the shift begins.
            is_expected: default: expected on working days only.
        """
        key = (pattern.shift_id, day, is_expected)
        found = self._planned.get(key)
        if found is None or found.pattern != pattern:
            found = self._planned[key] = self._plan(pattern, day, is_expected)
        return found

    def day_type(self, production_day: date) -> DayType:
        """Holiday before rest day: a holiday on a Sunday is paid as a holiday."""
        if production_day in self.clock.holidays:
            return DayType.HOLIDAY
        return DayType.WORKDAY if self.clock.is_working_day(production_day) else DayType.REST_DAY

    def _plan(self, pattern: ShiftPattern, day: date, is_expected: bool | None) -> PlannedShift:
        segments = self._segments(pattern, day)
        start, end = segments[0][0], segments[-1][1]
        production_day = self.clock.production_day(start)
        day_type = self.day_type(production_day)
        return PlannedShift(
            pattern=pattern,
            shift_day=day,
            production_day=production_day,
            day_type=day_type,
            is_expected=day_type is DayType.WORKDAY if is_expected is None else is_expected,
            segments=segments,
            breaks=tuple(self._breaks(pattern, day)),
            start=start,
            end=end,
            window_start=start - timedelta(minutes=pattern.window_before_min),
            window_end=end + timedelta(minutes=pattern.window_after_min),
        )

    def _segments(self, pattern: ShiftPattern, day: date) -> tuple[Span, ...]:
        found: list[Span] = []
        for begin, finish in pattern.offsets():
            start, end = self._at(day, begin), self._at(day, finish)
            if found:  # a wall time that the clock leaves out would make two segments overlap
                start = max(start, found[-1][1])
            found.append((start, max(start, end)))
        return tuple(found)

    def _breaks(self, pattern: ShiftPattern, day: date) -> list[tuple[datetime, datetime, bool]]:
        first = pattern.offsets()[0][0]
        found = []
        for pause in pattern.breaks:
            if pause.start is None:
                continue
            begin = _since_midnight(pause.start)
            if begin < first:  # a break at 02:00 of a shift from 22:00
                begin += _DAY
            at = self._at(day, begin)
            found.append((at, at + timedelta(minutes=pause.minutes), pause.is_paid))
        return found

    def _at(self, day: date, offset: timedelta) -> datetime:
        wall = datetime.combine(day, time()) + offset
        return wall.replace(tzinfo=self.clock.zone).astimezone(UTC)


def overlap(spans: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    """How much of ``spans`` lies between ``start`` and ``end``."""
    total = timedelta()
    for a, b in spans:
        lower, upper = max(a, start), min(b, end)
        if lower < upper:
            total += upper - lower
    return total


def _since_midnight(wall: time) -> timedelta:
    return timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
