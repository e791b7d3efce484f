"""Who is due on a day, in which shift and where: sewing lines, rotating crews, office, contractors and visitors.

Sewing lines work RTMS' hours, with the very people RTMS knows, absent on the same days. The dyehouse works three shifts
round the clock on working days, and its three crews move on one shift a week; boilers, power and guards never stop,
with a fourth crew that rests. Contractors and visitors are on no roster.
"""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from factory_pipelines.demo import shifts, site
from factory_pipelines.demo.noise import Bools, Ints, Noise
from factory_pipelines.demo.people import Texts, absent_on, build_layout, codes_of, holders_of, names_of
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.shifts import Break, PlannedShift, ShiftCalendar, ShiftPattern

OVERTIME_RULE = "plant"
OVERTIME_FROM_MIN = 30
"""Who stays this long after the end is paid for all of it; less is the way to the door."""

_MONDAY = date(2018, 1, 1)  # crews have rotated since before any demo
_WEEK = 7
_CREW_KEY, _OFFICE_KEY, _CONTRACTOR_KEY, _VISITOR_KEY = 700_000, 800_000, 820_000, 840_000
_DYERS_PER_CREW, _WATCH_PER_CREW, _OFFICE_STAFF, _CONTRACTORS, _VISITORS = 24, 6, 24, 16, 12


@dataclass(frozen=True)
class Due:
    """Everybody who might come on one calendar day; arrays over people. Instants are seconds since 1970, UTC.

    Attributes:
        key: number of the person, for noise.
        person_id: employee code, or the badge of a contractor or visitor.
        kind: employee, contractor or visitor.
        area: place in ``site.AREAS``.
        shift: place in ``Crews.patterns``; −1 for who is on no roster.
        start: when the shift, or the visit, begins.
        end: when it ends.
        lunch_start: beginning of the unpaid break; equal to ``lunch_end`` where there is none.
        lunch_end: its end.
        overtime_s: how long the person is asked to stay beyond the end.
        absent: due, and does not come.
    """

    key: Ints
    person_id: Texts
    kind: Texts
    area: Ints
    shift: Ints
    start: Ints
    end: Ints
    lunch_start: Ints
    lunch_end: Ints
    overtime_s: Ints
    absent: Bools


@dataclass(frozen=True)
class Roster:
    """Rows as attendance's tables want them.

    Attributes:
        employees: employee_id, employee_name, overtime_rule.
        shifts: one pattern for each row of ``attendance.shifts``.
        shift_assignments: employee_id, first_day, last_day (None: open), cycle (list of shift_id), is_expected.
        overtime_rules: rule_name → definition.
    """

    employees: pd.DataFrame
    shifts: tuple[ShiftPattern, ...]
    shift_assignments: pd.DataFrame
    overtime_rules: dict[str, dict[str, int]]


class Crews:
    """The people of a plant and their shifts.

    Args:
        noise: the factory's own noise, so that seats have the people RTMS shows.
        scale: 1.0 is about 600 people.
        clock: time in the plant.
    """

    def __init__(self, noise: Noise, scale: float, clock: PlantClock) -> None:
        self._noise, self._scale, self._clock = noise, scale, clock
        self._layout = build_layout(noise, scale)
        self._late_seat = np.asarray(self._layout.late_shift)[self._layout.seat_line]
        self._calendar = ShiftCalendar(clock)
        self.patterns = _patterns(clock)
        self.due = lru_cache(maxsize=64)(self._due)

    def roster(self, first: date, last: date) -> Roster:
        """Employees who are due between two days, and their shifts. A person's rows are the same from any days."""
        people: dict[str, tuple[str, str, date, date | None, list[str | None], bool | None]] = {}
        names = [pattern.shift_id for pattern in self.patterns]
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            held = holders_of(self._noise, self._layout, ordinal)
            for n, code in enumerate(held.emp_code):
                if code not in people:
                    since, until = (date.fromordinal(int(x[n])) for x in (held.first_day, held.last_day))
                    cycle = [names[4 if self._late_seat[n] else 3]]
                    people[code] = (code, str(held.emp_name[n]), since, until, list(cycle), None)
        for key, crew, crews in self._rotating():
            # Nobody is on a night shift of a Sunday that touches Monday's morning shift.
            rests = self._clock.rest_weekdays if crews == 3 else frozenset()
            weeks = [*names[:3], *[None] * (crews - 3)]
            cycle_of_days = [None if day in rests else shift for shift in weeks for day in range(_WEEK)]
            since = _MONDAY - timedelta(weeks=crew)
            for code, name in self._named(key):
                people[code] = (code, name, since, None, cycle_of_days, True if crews > 3 else None)
        for code, name in self._named(_OFFICE_KEY + np.arange(self._count(_OFFICE_STAFF))):
            people[code] = (code, name, _MONDAY, None, [names[5]], None)
        columns = ["employee_id", "employee_name", "first_day", "last_day", "cycle", "is_expected"]
        rows = pd.DataFrame(list(people.values()), columns=pd.Index(columns), dtype=object)
        return Roster(
            employees=rows[["employee_id", "employee_name"]].assign(overtime_rule=OVERTIME_RULE),
            shifts=self.patterns,
            shift_assignments=rows[["employee_id", "first_day", "last_day", "cycle", "is_expected"]],
            overtime_rules={OVERTIME_RULE: {"after_after_min": OVERTIME_FROM_MIN}},
        )

    def planned(self, shift: int, day: date, *, is_expected: bool | None = None) -> PlannedShift:
        """Pattern number ``shift`` on ``day``."""
        return self._calendar.plan(self.patterns[shift], day, is_expected=is_expected)

    def _due(self, day: date) -> Due:
        groups = [self._watch(day)]
        if self._clock.is_working_day(day):
            groups += [self._sewers(day), self._dyers(day), self._office(day), *self._strangers(day)]
        return Due(**{f.name: np.concatenate([getattr(group, f.name) for group in groups]) for f in fields(Due)})

    def _sewers(self, day: date) -> Due:
        ordinal = day.toordinal()
        held = holders_of(self._noise, self._layout, ordinal)
        hours = shifts.shifts_of(self._noise, self._layout, ordinal)
        overtime_min = (hours.end - hours.start - shifts.SHIFT_MINUTES)[self._layout.seat_line]
        area = np.where(self._late_seat, site.SEWING_2, site.SEWING_1)
        shift = np.where(self._late_seat, 4, 3)
        return self._rostered(day, held.person, held.emp_code, area, shift, overtime_min * 60)

    def _dyers(self, day: date) -> Due:
        return self._rotated(day, site.DYEING, 3)

    def _watch(self, day: date) -> Due:
        return self._rotated(day, site.UTILITIES, 4)

    def _rotated(self, day: date, area: int, crews: int) -> Due:
        week = (day - _MONDAY).days // _WEEK
        of_area = [(key, (week + crew) % crews) for key, crew, count in self._rotating() if count == crews]
        key = np.concatenate([key for key, shift in of_area if shift < 3])
        shift = np.concatenate([np.full(len(key), shift) for key, shift in of_area if shift < 3])
        none = np.zeros(len(key), dtype=np.int64)
        return self._rostered(day, key, codes_of(key), np.full(len(key), area), shift, none)

    def _office(self, day: date) -> Due:
        key = _OFFICE_KEY + np.arange(self._count(_OFFICE_STAFF))
        none = np.zeros(len(key), dtype=np.int64)
        return self._rostered(day, key, codes_of(key), none + site.OFFICE, none + 5, none)

    def _rostered(self, day: date, key: Ints, person_id: Texts, area: Ints, shift: Ints, overtime_s: Ints) -> Due:
        hours = np.zeros((len(self.patterns), 4), dtype=np.int64)
        for n in range(len(self.patterns)):
            planned = self.planned(n, day)
            (lunch,) = [pause for pause in planned.breaks if not pause[2]]
            hours[n] = [int(at.timestamp()) for at in (planned.start, planned.end, *lunch[:2])]
        return Due(
            key=key,
            person_id=person_id,
            kind=np.full(len(key), "employee", dtype=object),
            area=area,
            shift=shift,
            start=hours[shift, 0],
            end=hours[shift, 1],
            lunch_start=hours[shift, 2],
            lunch_end=hours[shift, 3],
            overtime_s=overtime_s,
            absent=absent_on(self._noise, key, day.toordinal()),
        )

    def _strangers(self, day: date) -> list[Due]:
        """Contractors, most of whom come on most days, and the day's visitors."""
        noise, ordinal = self._noise, day.toordinal()
        morning = int(datetime.combine(day, time(8, 30), self._clock.zone).astimezone(UTC).timestamp())
        key = _CONTRACTOR_KEY + np.arange(self._count(_CONTRACTORS))
        start = morning + 60 * noise.integers("contractor/start", 0, 45, key, ordinal)
        badges = np.asarray([f"C{n:04d}" for n in (key - _CONTRACTOR_KEY + 1).tolist()], dtype=object)
        area = noise.integers("contractor/area", site.SEWING_1, site.UTILITIES, key)
        absent = noise.chance("contractor/absent", 0.25, key, ordinal)
        end = start + 60 * noise.integers("contractor/stay", 300, 540, key, ordinal)
        contractors = _on_no_roster(key, badges, "contractor", area, start, end, absent)
        key = _VISITOR_KEY + np.arange(self._count(_VISITORS))
        start = morning + 60 * noise.integers("visitor/start", 30, 420, key, ordinal)
        badges = np.asarray([f"V{day:%Y%m%d}-{n:03d}" for n in (key - _VISITOR_KEY + 1).tolist()], dtype=object)
        area = np.where(noise.chance("visitor/tour", 0.2, key, ordinal), site.SEWING_1, site.OFFICE)
        absent = noise.chance("visitor/absent", 0.3, key, ordinal)
        end = start + 60 * noise.integers("visitor/stay", 20, 150, key, ordinal)
        return [contractors, _on_no_roster(key, badges, "visitor", area, start, end, absent)]

    def _rotating(self) -> list[tuple[Ints, int, int]]:
        """Each crew: its people, its place in the rotation, and how many crews share the shifts."""
        found, key = [], _CREW_KEY
        for crews, size in ((3, _DYERS_PER_CREW), (4, _WATCH_PER_CREW)):
            for crew in range(crews):
                count = self._count(size)
                found.append((key + np.arange(count), crew, crews))
                key += count
        return found

    def _named(self, key: Ints) -> list[tuple[str, str]]:
        return list(zip(codes_of(key).tolist(), names_of(self._noise, key).tolist(), strict=True))

    def _count(self, at_scale_1: int) -> int:
        return max(1, round(at_scale_1 * self._scale))


def _on_no_roster(key: Ints, person_id: Texts, kind: str, area: Ints, start: Ints, end: Ints, absent: Bools) -> Due:
    none = np.zeros(len(key), dtype=np.int64)
    kinds = np.full(len(key), kind, dtype=object)
    return Due(key, person_id, kinds, area, none - 1, start, end, start, start, none, absent)


def _patterns(clock: PlantClock) -> tuple[ShiftPattern, ...]:
    """Morning, evening, night, the two of RTMS, office; in this order everywhere."""
    rounds = [
        ShiftPattern(
            name,
            ((_wall(clock.day_start, 480 * n), _wall(clock.day_start, 480 * (n + 1))),),
            grace_in_min=5,
            grace_out_min=5,
            breaks=(Break(30, start=_wall(clock.day_start, 480 * n + 240)),),
        )
        for n, name in enumerate(("MORNING", "EVENING", "NIGHT"))
    ]
    sewing = [
        ShiftPattern(
            name,
            ((_wall(clock.first_session, late), _wall(clock.first_session, late + shifts.SHIFT_MINUTES)),),
            grace_in_min=10,
            grace_out_min=5,
            breaks=(
                Break(shifts.LUNCH[1] - shifts.LUNCH[0], start=_wall(clock.first_session, late + shifts.LUNCH[0])),
                *(Break(b - a, _wall(clock.first_session, late + a), is_paid=True) for a, b in shifts.TEA_BREAKS),
            ),
        )
        for name, late in (("GENERAL", 0), ("LATE", shifts.LATE_START))
    ]
    office = ShiftPattern(
        "OFFICE", ((time(9), time(17, 30)),), grace_in_min=15, grace_out_min=15, breaks=(Break(30, time(13)),)
    )
    return (*rounds, *sewing, office)


def _wall(start: time, minutes: int) -> time:
    return (datetime.combine(_MONDAY, start) + timedelta(minutes=minutes)).time()
