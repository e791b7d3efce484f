"""Where each person is, by badge and roster: inside or not, how surely, and from which evidence.

One of the two witnesses of a headcount (the doors are the other). A punch in without a punch out says "inside" until
the shift is over; from then on the more surely not, the longer ago that was: either the person stays, or forgot to
punch out. Who is due and has not punched is absent, late, or forgot to punch in; how often each happens is learned
(``habits.py``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from factory_pipelines.occupancy.habits import Habits
from factory_pipelines.plant.punches import Direction, Punch, is_echo

ECHO = timedelta(minutes=3)
_UNROSTERED_STAY = timedelta(hours=9)
_LONGEST_STAY = timedelta(hours=18)
BEFORE_SHIFT = timedelta(hours=4)
AFTER_SHIFT = timedelta(hours=6)
_LONG_BREAK = timedelta(minutes=60)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Evidence(StrEnum):
    """What speaks for a person being inside."""

    PUNCHED_IN = "punched_in"
    PAST_SHIFT_END = "punched_in_shift_over"  # no punch out, though the shift is over
    NOT_BACK = "punched_out_during_shift"  # may have come back without a punch
    ROSTER = "roster_only"  # due, and no punch


class BadgePunch(NamedTuple):
    """One punch; ``area_id`` is where the terminal leads into, None where nobody has said."""

    at: datetime
    employee_id: str
    direction: Direction | None
    area_id: str | None
    terminal: str


class Plan(NamedTuple):
    """A shift somebody is due to work; ``is_expected`` as in attendance."""

    employee_id: str
    start: datetime
    end: datetime
    is_expected: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One person who is, or may be, inside.

    Attributes:
        employee_id: who.
        area_id: where; None where no terminal says.
        probability: that the person is inside, 0 to 1.
        evidence: what speaks for it.
        since: the punch, or the start of the shift, it rests on.
    """

    employee_id: str
    area_id: str | None
    probability: float
    evidence: Evidence
    since: datetime


_Judgement = tuple[float, Evidence, datetime]


@dataclass(slots=True)
class _Person:
    """The newest punch, the shifts around it, and what was last judged: from when until when it holds."""

    at: datetime | None = None
    direction: Direction = Direction.OUT
    area_id: str | None = None
    plans: list[Plan] = field(default_factory=list)
    judged: _Judgement | None = None
    holds_from: datetime = _FOR_EVER
    holds_until: datetime = _FOR_EVER


class People:
    """Everybody with a badge; takes punches in order of time, answers for any later moment.

    Args:
        plans: shifts of the days that matter, some hours before and after included.
        habits: how people come, go and forget.
        homes: area of people who have not punched in these days.
        known_since: punches before this are not known; None where all that matter are.
    """

    def __init__(
        self,
        plans: Iterable[Plan],
        habits: Habits,
        homes: Mapping[str, str] | None = None,
        *,
        known_since: datetime | None = None,
    ) -> None:
        self.habits = habits
        self._known_since = known_since
        self._people: dict[str, _Person] = {}
        for employee, area in (homes or {}).items():
            self._people[employee] = _Person(area_id=area)
        for plan in sorted(plans, key=lambda p: (p.start, p.employee_id)):
            self._people.setdefault(plan.employee_id, _Person()).plans.append(plan)

    def take(self, punch: BadgePunch) -> None:
        """The next punch; an echo changes nothing."""
        person = self._people.setdefault(punch.employee_id, _Person())
        if person.at is not None:
            if is_echo(person.at, person.direction, _kernel(punch), ECHO):
                return
            if punch.at < person.at:
                raise ValueError(f"punch {punch.terminal} at {punch.at} comes before the one at {person.at}: sort them")
        person.holds_until = person.holds_from
        person.direction = punch.direction or self._direction(person, punch.at)
        person.at = punch.at
        person.area_id = punch.area_id or person.area_id

    def inside(self, at: datetime, *, least: float = 0.001) -> list[Whereabouts]:
        """Everybody who may be inside at ``at`` with at least this probability; in no particular order."""
        found = []
        for employee_id, person in self._people.items():
            if not person.holds_from <= at < person.holds_until:
                person.judged, person.holds_until = self._judge(person, at)
                person.holds_from = at
            judged = person.judged
            if judged is not None and judged[0] >= least:
                found.append(Whereabouts(employee_id, person.area_id, *judged))
        return found

    def _direction(self, person: _Person, at: datetime) -> Direction:
        """What a punch without a direction is: the opposite of the one before, unless that belongs to another shift."""
        if person.at is None or person.direction is Direction.OUT:
            plan = _plan_around(person.plans, at)
            # The first punch of a shift that is at its end: the arrival was forgotten, or this person's is a long day.
            if plan is not None and (person.at is None or person.at < plan.start - BEFORE_SHIFT):
                return Direction.OUT if plan.end - at < at - plan.start else Direction.IN
            return Direction.IN
        if at - person.at > _LONGEST_STAY:
            return Direction.IN
        later = _plan_around(person.plans, at)
        was = _plan_around(person.plans, person.at)
        if later is not None and later is not was and abs(at - later.start) < abs(later.end - at):
            # In since an earlier shift, and at the beginning of the next one.
            return Direction.IN if was is None or at - was.end > timedelta(hours=2) else Direction.OUT
        return Direction.OUT

    def _judge(self, person: _Person, at: datetime) -> tuple[_Judgement | None, datetime]:
        """What is to be said of a person at a moment, and until when at least it holds."""
        came = person.at
        if came is not None and person.direction is Direction.IN and at - came <= _LONGEST_STAY:
            return self._came(person, came, at)
        plan = _plan_around(person.plans, at)
        if plan is None:
            opens = (one.start - BEFORE_SHIFT for one in person.plans)
            return None, min((opening for opening in opens if opening > at), default=_FOR_EVER)
        if came is not None and came >= plan.start - BEFORE_SHIFT:
            return self._went(came, plan, at), at
        return self._due(plan, at), at

    def _came(self, person: _Person, came: datetime, at: datetime) -> tuple[_Judgement, datetime]:
        plan = _plan_around(person.plans, came)
        end = plan.end if plan is not None and plan.end > came else came + _UNROSTERED_STAY
        if at <= end:
            return (1.0 - self.habits.forget_out * 0.05, Evidence.PUNCHED_IN, came), end
        stays = self.habits.still_in(at - end)
        probability = stays / (stays + self.habits.forget_out * (1.0 - stays))
        return (probability, Evidence.PAST_SHIFT_END, came), at

    def _went(self, went: datetime, plan: Plan, at: datetime) -> _Judgement | None:
        """Punched out before the end: to lunch, as a rule, and back with or without a punch; or home early."""
        if at > plan.end or plan.end - went < _LONG_BREAK or at - went < timedelta(minutes=10):
            return None
        return self.habits.forget_in, Evidence.NOT_BACK, went

    def _due(self, plan: Plan, at: datetime) -> _Judgement | None:
        habits = self.habits
        if not plan.is_expected:
            return None
        arrived = habits.arrived(at - plan.start)
        if self._known_since is not None and plan.start < self._known_since:
            probability = 1.0 - habits.absence
        else:
            forgot = habits.forget_in * arrived * (1.0 - habits.absence)
            probability = forgot / (forgot + habits.absence + (1.0 - habits.absence) * (1.0 - arrived))
        if at > plan.end:
            probability *= habits.still_in(at - plan.end)
        return probability, Evidence.ROSTER, plan.start


def _plan_around(plans: Sequence[Plan], at: datetime) -> Plan | None:
    """The shift that ``at`` belongs to: the one it lies in, else the nearest whose windows hold it."""
    best, distance = None, timedelta.max
    for plan in plans:
        if not plan.start - BEFORE_SHIFT <= at <= plan.end + AFTER_SHIFT:
            continue
        away = max(plan.start - at, at - plan.end, timedelta())
        if away < distance:
            best, distance = plan, away
    return best


def _kernel(punch: BadgePunch) -> Punch:
    return Punch(punch.at, punch.direction, punch.terminal)
