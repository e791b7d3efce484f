"""How many people are inside each area: doors and badges, two witnesses that know nothing of each other.

The doors count on from an anchor (``doors.py``); badges and roster say who is inside (``whereabouts.py``), and what is
known of those without a badge is added (``strangers.py``). Both come with a variance and are weighed by it: the
precision-weighted mean of two independent estimates has the least variance. Nothing is ever below zero, and where
neither witness can speak the answer is "unknown".

A ``Headcount`` is rebuilt from events. ``events_in_order`` gives them one order, so it does not matter how they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import hypot
from typing import Any, NamedTuple

from factory_pipelines.occupancy.cameras import CameraCount, CameraView
from factory_pipelines.occupancy.doors import Count, Crossing, DoorBalance, Rates
from factory_pipelines.occupancy.strangers import Strangers
from factory_pipelines.occupancy.whereabouts import BadgePunch, Evidence, People, Whereabouts

Z95 = 1.96
NIGHT_STRANGERS = Count(0.0, 0.5)
"""At the hour of the nightly correction: who has no badge is not expected to be there."""
_NOBODY = 0.5
_LATE = timedelta(minutes=30)
_SURE_SD = 0.3
_CONTRADICTION = 3.0


class Anchored(NamedTuple):
    """An area was corrected: its doors count on from here."""

    at: datetime
    area_id: str
    said: Count


Event = Crossing | CameraCount | BadgePunch | Anchored


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
    """An area and who can speak of it.

    Attributes:
        area_id: its name.
        doors: its doors, each with how long it may say nothing.
        cameras: likewise; they count where there are no doors.
        has_badges: a terminal leads into it.
    """

    area_id: str
    doors: Mapping[str, timedelta]
    cameras: Mapping[str, timedelta] = field(default_factory=dict)
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
        doors: the doors' witness (without doors: the cameras'), or None.
        drift_variance: of what the doors have missed since they were corrected; 0 without doors.
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
    drift_variance: float
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
        self._named: tuple[datetime, dict[str | None, list[Whereabouts]]] | None = None
        self.balances = {area.area_id: DoorBalance(area.doors, rates) for area in areas}
        self._views = {area.area_id: CameraView(area.cameras) for area in areas}
        self._area_of = {source: area.area_id for area in areas for source in (*area.doors, *area.cameras)}

    def longest_silence(self) -> timedelta:
        """So far back a sign of life may lie that still counts."""
        allowed = [limit for area in self.areas.values() for limit in (*area.doors.values(), *area.cameras.values())]
        return max(allowed, default=timedelta())

    def take(self, event: Event) -> None:
        """The next event; one of a source or area that is not known here changes nothing."""
        if isinstance(event, BadgePunch):
            self.people.take(event)
            self._named = None
        elif isinstance(event, Anchored):
            if event.area_id in self.balances:
                self.balances[event.area_id].anchor(event.at, event.said)
        elif isinstance(event, CameraCount):
            if event.camera_id in self._area_of:
                self._views[self._area_of[event.camera_id]].take(event)
        elif event.door_id in self._area_of:
            self._pass(self._area_of[event.door_id], event)

    def _pass(self, area_id: str, event: Crossing) -> None:
        balance = self.balances[area_id]
        if balance.take(event) and balance.since is not None and not balance.silent(event.at):
            self._door_returned(area_id, event.at)

    def estimates(self, at: datetime) -> dict[str, Estimate]:
        """Every area at ``at``, which no event taken lies after."""
        named = self.by_area(at)
        return {area_id: self._estimate(area_id, at, named[area_id]) for area_id in self.areas}

    def by_area(self, at: datetime) -> dict[str | None, list[Whereabouts]]:
        """Who is or may be inside, by area; None for those whose terminal leads nobody knows where."""
        if self._named is None or self._named[0] != at:
            found: dict[str | None, list[Whereabouts]] = defaultdict(list)
            for one in self.people.inside(at):
                found[one.area_id].append(one)
            self._named = at, found
        return self._named[1]

    def reconcile(self, area_id: str, at: datetime) -> Correction | None:
        """The nightly correction: the door balance becomes what doors, badges and roster say together.

        At this hour nobody without a badge is expected. Reset to zero only where nobody at all is: by roster, by badge,
        and by the doors of the last two hours. None where nobody can say anything.
        """
        everybody = self.by_area(at)
        named = everybody[area_id]
        estimate = self._estimate(area_id, at, named, at_night=True)
        balance = self.balances[area_id]
        heard = named if self.areas[area_id].has_badges else [one for area in everybody.values() for one in area]
        expected = sum(one.probability for one in heard)
        if estimate.people is None or estimate.sd is None or not self.areas[area_id].doors:
            return None
        if not self.areas[area_id].has_badges and expected >= _NOBODY:
            return None  # somebody is in the plant, and no terminal says whether here
        after, reason = Count(estimate.people, estimate.sd), Reason.RECONCILED
        if balance.since is None:
            reason = Reason.FIRST_ANCHOR
        elif estimate.doors is None:
            reason = Reason.DOORS_UNKNOWN
        elif expected < _NOBODY and balance.came_lately(at) <= 0:
            reason, after = Reason.NOBODY_EXPECTED, Count(0.0, _SURE_SD)
        return self._correct(estimate, after, reason, named)

    def _door_returned(self, area_id: str, at: datetime) -> None:
        """All doors are back: what passed meanwhile was not seen, so the balance counts on from the other witness."""
        named = self.by_area(at)[area_id]
        estimate = self._estimate(area_id, at, named)
        if estimate.people is not None and estimate.sd is not None:
            self._correct(estimate, Count(estimate.people, estimate.sd), Reason.DOOR_RETURNED, named)

    def _correct(self, estimate: Estimate, after: Count, reason: Reason, named: Sequence[Whereabouts]) -> Correction:
        balance = self.balances[estimate.area_id]
        evidence = self._evidence(estimate, after, named)
        correction = Correction(estimate.at, estimate.area_id, estimate.doors, after, reason, evidence)
        self.corrections.append(correction)
        balance.anchor(estimate.at, after)
        return correction

    def _estimate(
        self, area_id: str, at: datetime, named: Sequence[Whereabouts], *, at_night: bool = False
    ) -> Estimate:
        balance = self.balances[area_id]
        view = self._views[area_id]
        doors = balance.read(at) if self.areas[area_id].doors else view.read(at)
        inside = sum(one.probability for one in named)
        badges = None
        if self.areas[area_id].has_badges:
            badge_holders = self._badge_holders(at, named)
            unknown = NIGHT_STRANGERS if at_night else self.strangers.expected(area_id, at, inside)
            badges = Count(badge_holders.people + unknown.people, hypot(badge_holders.sd, unknown.sd))
        if not at_night:
            badges = _doubted(badges, doors)
        fused = fuse(doors, badges)
        silent = (*balance.silent(at), *view.silent(at))
        status = Status.DEGRADED if doors is None or silent else Status.KNOWN
        if fused is None:
            status = Status.UNKNOWN
        people, sd = fused or (None, None)
        drift = balance.drift_variance()
        return Estimate(at, area_id, status, people, sd, doors, badges, inside, drift, silent)

    def _badge_holders(self, at: datetime, named: Sequence[Whereabouts]) -> Count:
        """People with a badge inside, each by themselves; all who are due and silent together, if they are too many."""
        people = sum(one.probability for one in named)
        variance = sum(one.probability * (1.0 - one.probability) for one in named)
        silent = [one for one in named if one.evidence is Evidence.ROSTER and at - one.since > _LATE]
        present = sum(one.evidence is Evidence.PUNCHED_IN for one in named)
        share = self.people.habits.absence + self.people.habits.forget_in
        if len(silent) > 3.0 + 3.0 * share * (len(silent) + present):
            # A terminal that is offline, or a strike: one cause for all of them, and badges cannot tell which.
            people += sum(0.5 - one.probability for one in silent)
            variance += (0.5 * len(silent)) ** 2
        return Count(people, variance**0.5)

    def _evidence(self, estimate: Estimate, after: Count, named: Sequence[Whereabouts]) -> dict[str, Any]:
        balance = self.balances[estimate.area_id]
        by_kind: dict[str, int] = {}
        for one in named:
            by_kind[one.evidence.value] = by_kind.get(one.evidence.value, 0) + 1
        return {
            "expected_with_badge": round(estimate.with_badge, 2),
            "badges_and_strangers": _rounded(estimate.badges),
            "doors": _rounded(estimate.doors),
            "people_by_evidence": by_kind,
            "seen_since": [[door, way, people] for (door, way), people in sorted(balance.seen.items())],
            "drift_variance": round(balance.drift_variance(), 3),
            "lifted_to_zero": round(balance.lifted, 2),
            "counted_since": balance.since.isoformat() if balance.since else None,
            "counted_from": _rounded(balance.anchored) if balance.since else None,
            "after": _rounded(after),
            "silent_doors": list(estimate.silent),
        }


def _doubted(badges: Count | None, doors: Count | None) -> Count | None:
    """Badges that contradict the doors, as sure as the contradiction leaves them.

    Each person that a door misses is a chance of its own; a terminal that delivers late is wrong about all at once.
    """
    if badges is None or doors is None:
        return badges
    excess = (badges.people - doors.people) ** 2 - (_CONTRADICTION**2) * (badges.sd**2 + doors.sd**2)
    return Count(badges.people, hypot(badges.sd, excess**0.5)) if excess > 0.0 else badges


def _rounded(count: Count | None) -> dict[str, float] | None:
    return None if count is None else {"people": round(count.people, 2), "sd": round(count.sd, 2)}


def events_in_order(events: Iterable[Event]) -> list[Event]:
    """All events in the one order that gives the one result, however they came."""
    return sorted(events, key=_order)


def _order(event: Event) -> tuple[datetime, int, str, str]:
    # A punch is made before the door is passed; a way in comes before a way out of the same second.
    if isinstance(event, BadgePunch):
        return event.at, 0, event.employee_id, f"{event.terminal} {event.direction}"
    if isinstance(event, CameraCount):
        return event.at, 2, event.camera_id, event.key
    if isinstance(event, Anchored):
        return event.at, 3, event.area_id, ""  # a correction knows of everything at its instant
    return event.at, 1, event.direction or "", f"{event.door_id} {event.key}"
