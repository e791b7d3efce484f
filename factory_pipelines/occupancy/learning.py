"""What a day that is over teaches: what each door misses, and how often people forget their badge.

Doors: people who come must leave, so what a day's crossings do not balance, the doors missed; and a punch beside a door
without a crossing is a person the door did not see. The first tells the difference between ways in and out well, the
second how much is missed at all. Rates are the posterior mean of a linear regression with both (Gaussian prior from the
punches, one observation a day from the balance).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from factory_pipelines.occupancy.doors import PRIOR_EXTRA, PRIOR_EXTRA_SD, Crossing, DoorRate, Way
from factory_pipelines.occupancy.habits import BINS, HabitCounts, bin_of
from factory_pipelines.occupancy.whereabouts import AFTER_SHIFT, BEFORE_SHIFT, ECHO, BadgePunch, Plan
from factory_pipelines.plant.punches import Direction

_PAIR_BEFORE = timedelta(seconds=5)
_PAIR_AFTER = timedelta(seconds=45)
_ALONE = timedelta(seconds=50)
_EXPECTED_VARIANCE = 1.0
"""Of the people expected at the hour of the correction: some badge holder forgot to punch out."""
_LEAST_PAIRED_SHARE = 0.8
"""Fewer punches than this with a crossing beside them: the terminal does not stand at the door, and proves nothing."""

DoorWay = tuple[str, Way]


@dataclass(frozen=True, slots=True)
class DoorDay:
    """One door in one direction on one day: punches made alone at its terminal, and those with a crossing beside."""

    door_id: str
    way: Way
    punches: int
    paired: int


@dataclass(frozen=True, slots=True)
class DriftDay:
    """One area between two anchors.

    Attributes:
        area_id: the area.
        seen: people seen, by door and direction.
        drift: change that badges and roster say, less the change the doors saw.
        variance: of the drift, without what the doors miss.
    """

    area_id: str
    seen: Mapping[DoorWay, int]
    drift: float
    variance: float


def pair_punches(
    crossings: Iterable[Crossing], punches: Iterable[BadgePunch], door_of: Mapping[str, str]
) -> list[DoorDay]:
    """Which punches have a crossing beside them, of those that no other punch at the door comes near.

    Args:
        crossings: of a day.
        punches: of the same day.
        door_of: the door beside each terminal, by the terminal's name.
    """
    seen: dict[DoorWay, list[datetime]] = defaultdict(list)
    for crossing in crossings:
        if crossing.direction is not None:
            seen[crossing.door_id, crossing.direction].append(crossing.at)
    made: dict[str, list[tuple[datetime, Direction | None]]] = defaultdict(list)
    for punch in without_echoes(punches):
        if (door := door_of.get(punch.terminal)) is not None:
            made[door].append((punch.at, punch.direction))
    for times in seen.values():
        times.sort()
    counts: dict[DoorWay, list[int]] = defaultdict(lambda: [0, 0])
    for door, at_door in made.items():
        at_door.sort(key=lambda one: one[0])
        for before, (at, direction), after in zip([None, *at_door], at_door, [*at_door[1:], None], strict=False):
            alone = (before is None or at - before[0] > _ALONE) and (after is None or after[0] - at > _ALONE)
            if direction is None or not alone:
                continue
            way: Way = "in" if direction is Direction.IN else "out"
            times = seen.get((door, way), [])
            found = bisect_right(times, at + _PAIR_AFTER) > bisect_left(times, at - _PAIR_BEFORE)
            counts[door, way][0] += 1
            counts[door, way][1] += found
    return [DoorDay(door, way, *both) for (door, way), both in sorted(counts.items())]


def without_echoes(punches: Iterable[BadgePunch]) -> list[BadgePunch]:
    """Punches in order of time; a person's next one within minutes is the terminal's echo."""
    kept: list[BadgePunch] = []
    newest: dict[str, datetime] = {}
    for punch in sorted(punches, key=lambda one: (one.at, one.employee_id)):
        before = newest.get(punch.employee_id)
        if before is None or punch.at - before > ECHO:
            newest[punch.employee_id] = punch.at
            kept.append(punch)
    return kept


def learn_rates(pairs: Iterable[DoorDay], drifts: Iterable[DriftDay]) -> dict[DoorWay, DoorRate]:
    """What each door misses, by direction, out of all days that are over."""
    made: dict[DoorWay, int] = defaultdict(int)
    paired: dict[DoorWay, int] = defaultdict(int)
    for day in pairs:
        made[day.door_id, day.way] += day.punches
        paired[day.door_id, day.way] += day.paired
    by_area: dict[str, list[DriftDay]] = defaultdict(list)
    for drift in drifts:
        by_area[drift.area_id].append(drift)
    rates = {key: _from_pairs(made[key], paired[key]) for key in made}
    for days in by_area.values():
        rates |= _from_drifts(days, rates)
    return rates


def drift_of(area_id: str, reason: str, evidence: Mapping[str, Any]) -> DriftDay | None:
    """What a nightly correction says of its doors, from its evidence; None for one that did not compare anything."""
    if reason not in ("reconciled", "nobody_expected") or not evidence.get("counted_from"):
        return None
    seen: dict[DoorWay, int] = {(door, way): people for door, way, people in evidence["seen_since"]}
    net = sum(people if way == "in" else -people for (_, way), people in seen.items())
    start = evidence["counted_from"]
    variance = _EXPECTED_VARIANCE + start["sd"] ** 2
    return DriftDay(area_id, seen, evidence["expected_with_badge"] - start["people"] - net, variance)


def _from_pairs(made: int, paired: int) -> DoorRate:
    """Beta prior and binomial, in terms of people missed for each one seen."""
    if made == 0 or paired < _LEAST_PAIRED_SHARE * made:
        return DoorRate()
    prior_weight = PRIOR_EXTRA * (1.0 - PRIOR_EXTRA) / PRIOR_EXTRA_SD**2
    total = made + prior_weight
    missed = (made - paired + PRIOR_EXTRA * prior_weight) / total
    sd = (missed * (1.0 - missed) / total) ** 0.5
    return DoorRate(missed / (1.0 - missed), sd / (1.0 - missed) ** 2)


def _from_drifts(days: Sequence[DriftDay], prior: Mapping[DoorWay, DoorRate]) -> dict[DoorWay, DoorRate]:
    keys = sorted({key for day in days for key in day.seen})
    if not keys:
        return {}
    rates = [prior.get(key, DoorRate()) for key in keys]
    mean = np.asarray([rate.extra for rate in rates])
    precision = np.diag([rate.sd**-2 for rate in rates])
    weighted = precision @ mean
    for day in days:
        seen = np.asarray([day.seen.get(key, 0) for key in keys], dtype=float)
        row = seen * [1.0 if way == "in" else -1.0 for _, way in keys]
        variance = day.variance + float(seen @ (mean * (1.0 + mean)))
        precision += np.outer(row, row) / variance
        weighted += row * day.drift / variance
    covariance = np.linalg.inv(precision)
    extra = np.maximum(covariance @ weighted, 0.0)
    sd = np.sqrt(np.diag(covariance))
    return {key: DoorRate(float(extra[n]), float(sd[n])) for n, key in enumerate(keys)}


def count_habits(punches: Iterable[BadgePunch], plans: Iterable[Plan]) -> HabitCounts:
    """How people came and left in these shifts, all of which are over.

    A punch belongs to the nearest shift of its person. The first that says a direction tells whether the arrival was
    punched, the last whether the departure was; who has a terminal that tells no direction is left out of both.
    """
    of_person: dict[str, list[BadgePunch]] = defaultdict(list)
    for punch in punches:
        of_person[punch.employee_id].append(punch)
    total = HabitCounts()
    for plan in plans:
        near = [
            punch
            for punch in of_person.get(plan.employee_id, ())
            if plan.start - BEFORE_SHIFT <= punch.at <= plan.end + AFTER_SHIFT
        ]
        total += _habits_of(plan, sorted(near, key=lambda punch: punch.at))
    return total


def _habits_of(plan: Plan, punches: Sequence[BadgePunch]) -> HabitCounts:
    expected = int(plan.is_expected)
    if not punches:
        return HabitCounts(expected=expected, absent=expected)
    first, last = punches[0], punches[-1]
    if first.direction is None or last.direction is None:
        return HabitCounts(expected=expected)
    came, left = first.direction is Direction.IN, last.direction is Direction.OUT
    return HabitCounts(
        visits=1,
        without_in=int(not came),
        without_out=int(not left),
        expected=expected,
        arrivals=_one_at(bin_of(first.at - plan.start) if came else None),
        departures=_one_at(bin_of(last.at - plan.end) if left else None),
    )


def _one_at(place: int | None) -> tuple[int, ...]:
    return tuple(int(n == place) for n in range(BINS))
