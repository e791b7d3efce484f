"""How many people are inside each area: doors and badges, two witnesses that know nothing of each other.

The doors count on from an anchor (``doors.py``); badges and roster say who is inside (``whereabouts.py``), and what is
known of those without a badge is added (``strangers.py``). Both come with a variance and are weighed by it: the
precision-weighted mean of two independent estimates has the least variance. Nothing is ever below zero, and where neither
witness can speak the answer is "unknown".

A ``Headcount`` is rebuilt from events. ``events_in_order`` gives them one order, so it does not matter how they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from factory_pipelines.occupancy.doors import Count, Crossing, DoorBalance, Rates
from factory_pipelines.occupancy.strangers import Strangers
from factory_pipelines.occupancy.whereabouts import BadgePunch, People, Whereabouts

Z95 = 1.96
NIGHT_STRANGERS = Count(0.0, 0.5)
"""At the hour of the nightly correction: who has no badge is not expected to be there."""
_NOBODY = 0.5
_SURE_SD = 0.3


class Status(StrEnum):
    """What a headcount rests on."""

    KNOWN = "known"  # all witnesses of the area speak
    DEGRADED = "degraded"  # a door is silent: badges and roster alone
    UNKNOWN = "unknown"  # nobody can say


class Reason(StrEnum):
    """Why a door balance was set anew."""

    NOBODY_EXPECTED = "nobody_expected"
    RECONCILED = "reconciled"
    FIRST_ANCHOR = "first_anchor"
    DOOR_RETURNED = "door_returned"
    DOORS_UNKNOWN = "doors_unknown"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Area:
    """An area and its doors; ``max_silence`` by door."""

    area_id: str
    max_silence: Mapping[str, timedelta]
    has_badges: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many are inside one area at one moment.

    Attributes:
        at: the moment.
        area_id: the area.
        status: what it rests on.
        people: expected number; None where unknown.
        sd: its standard deviation; None where unknown.
        doors: the doors' witness, or None.
        badges: the badges' and rosters' witness with those without a badge, or None.
        with_badge: people expected inside by badge and roster alone.
        silent: doors without a sign of life.
    """

    at: datetime
    area_id: str
    status: Status
    people: float | None
    sd: float | None
    doors: Count | None
    badges: Count | None
    with_badge: float
    silent: tuple[str, ...]

    @property
    def interval(self) -> tuple[float, float] | None:
        """About 95 % of the truth lies between these; never below zero."""
        if self.people is None or self.sd is None:
            return None
        return max(self.people - Z95 * self.sd, 0.0), self.people + Z95 * self.sd


@dataclass(frozen=True, slots=True)
class Correction:
    """One re-basing of an area's door balance: what it was, what it became, and why.

    Attributes:
        at: when it counts from.
        area_id: the area.
        before: people by the doors before; None where they could not say.
        after: people from here on.
        reason: why.
        evidence: the figures it rests on, as JSON.
    """

    at: datetime
    area_id: str
    before: Count | None
    after: Count
    reason: Reason
    evidence: Mapping[str, Any]


def fuse(one: Count | None, other: Count | None) -> Count | None:
    """Both estimates weighed by their precision; never below zero."""
    if one is None or other is None:
        only = one or other
        return None if only is None else Count(max(only.people, 0.0), only.sd)
    first, second = max(one.sd, 0.05) ** -2, max(other.sd, 0.05) ** -2
    total = first + second
    return Count(max((one.people * first + other.people * second) / total, 0.0), total**-0.5)


class Headcount:
    """All areas of a plant; takes events in order of time, answers for the present.

    Args:
        areas: areas and doors.
        people: who has a badge; takes the punches.
        rates: what doors miss.
        strangers: what is known of people without a badge.
    """

    def __init__(self, areas: Sequence[Area], people: People, rates: Rates, strangers: Strangers) -> None:
        self.areas = {area.area_id: area for area in areas}
        self.people = people
        self.strangers = strangers
        self.corrections: list[Correction] = []
        self.balances = {area.area_id: DoorBalance(area.max_silence, rates) for area in areas}
        self._area_of = {door: area.area_id for area in areas for door in area.max_silence}

    def anchor(self, area_id: str, at: datetime, count: Count) -> None:
        """Counts on from a correction that was made before."""
        self.balances[area_id].anchor(at, count)

    def take(self, event: Crossing | BadgePunch) -> None:
        """The next event."""
        if isinstance(event, BadgePunch):
            self.people.take(event)
            return
        area_id = self._area_of[event.door_id]
        if self.balances[area_id].take(event) and not self.balances[area_id].silent(event.at):
            self._door_returned(area_id, event.at)

    def estimates(self, at: datetime) -> dict[str, Estimate]:
        """Every area at ``at``, which no event taken lies after."""
        named = self.by_area(at)
        return {area_id: self._estimate(area_id, at, named[area_id]) for area_id in self.areas}

    def by_area(self, at: datetime) -> dict[str | None, list[Whereabouts]]:
        """Who is or may be inside, by area; None for those whose terminal leads nobody knows where."""
        found: dict[str | None, list[Whereabouts]] = defaultdict(list)
        for one in self.people.inside(at):
            found[one.area_id].append(one)
        return found

    def reconcile(self, area_id: str, at: datetime) -> Correction | None:
        """The nightly correction: the door balance becomes what doors, badges and roster say together.

        At this hour nobody without a badge is expected. Reset to zero only where nobody at all is: by roster, by badge,
        and by the doors of the last two hours. None where nobody can say anything.
        """
        named = self.by_area(at)[area_id]
        estimate = self._estimate(area_id, at, named, at_night=True)
        balance = self.balances[area_id]
        if estimate.people is None or estimate.sd is None:
            return None
        after, reason = Count(estimate.people, estimate.sd), Reason.RECONCILED
        if balance.since is None:
            reason = Reason.FIRST_ANCHOR
        elif estimate.doors is None:
            reason = Reason.DOORS_UNKNOWN
        elif estimate.with_badge < _NOBODY and balance.came_lately(at) <= 0:
            reason, after = Reason.NOBODY_EXPECTED, Count(0.0, _SURE_SD)
        return self._correct(estimate, after, reason, named)

    def _door_returned(self, area_id: str, at: datetime) -> None:
        """All doors are back: what passed meanwhile was not seen, so the balance counts on from the other witness."""
        named = self.by_area(at)[area_id]
        estimate = self._estimate(area_id, at, named)
        if estimate.people is not None and estimate.sd is not None:
            self._correct(estimate, Count(estimate.people, estimate.sd), Reason.DOOR_RETURNED, named)

    def _correct(
        self, estimate: Estimate, after: Count, reason: Reason, named: Sequence[Whereabouts]
    ) -> Correction:
        balance = self.balances[estimate.area_id]
        evidence = self._evidence(estimate, balance, named)
        correction = Correction(estimate.at, estimate.area_id, estimate.doors, after, reason, evidence)
        self.corrections.append(correction)
        balance.anchor(estimate.at, after)
        return correction

    def _estimate(
        self, area_id: str, at: datetime, named: Sequence[Whereabouts], *, at_night: bool = False
    ) -> Estimate:
        balance = self.balances[area_id]
        doors = balance.read(at)
        inside = sum(one.probability for one in named)
        badges = None
        if self.areas[area_id].has_badges:
            variance = sum(one.probability * (1.0 - one.probability) for one in named)
            unknown = NIGHT_STRANGERS if at_night else self.strangers.expected(area_id, at, inside)
            badges = Count(inside + unknown.people, (variance + unknown.sd**2) ** 0.5)
        fused = fuse(doors, badges)
        silent = tuple(balance.silent(at))
        status = Status.KNOWN if doors is not None else Status.DEGRADED
        if fused is None:
            status = Status.UNKNOWN
        people, sd = fused or (None, None)
        return Estimate(at, area_id, status, people, sd, doors, badges, inside, silent)

    def _evidence(self, estimate: Estimate, balance: DoorBalance, named: Sequence[Whereabouts]) -> dict[str, Any]:
        by_kind: dict[str, int] = {}
        for one in named:
            by_kind[one.evidence.value] = by_kind.get(one.evidence.value, 0) + 1
        return {
            "expected_with_badge": round(estimate.with_badge, 2),
            "badges_and_strangers": _rounded(estimate.badges),
            "doors": _rounded(estimate.doors),
            "people_by_evidence": by_kind,
            "seen_since_anchor": {f"{door} {way}": people for (door, way), people in sorted(balance.seen.items())},
            "lifted_to_zero": round(balance.lifted, 2),
            "counted_since": balance.since.isoformat() if balance.since else None,
            "silent_doors": list(estimate.silent),
        }


def _rounded(count: Count | None) -> dict[str, float] | None:
    return None if count is None else {"people": round(count.people, 2), "sd": round(count.sd, 2)}


def events_in_order(crossings: Iterable[Crossing], punches: Iterable[BadgePunch]) -> list[Crossing | BadgePunch]:
    """All events in the one order that gives the one result, however they came."""
    return sorted([*crossings, *punches], key=_order)


def _order(event: Crossing | BadgePunch) -> tuple[datetime, int, str, str]:
    # A punch is made before the door is passed; a way in comes before a way out of the same second.
    if isinstance(event, BadgePunch):
        return event.at, 0, event.employee_id, event.terminal
    return event.at, 1, event.direction or "", f"{event.door_id} {event.key}"
