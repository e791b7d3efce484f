"""What badges and roster do not tell: visitors and contractors inside, badge holders in the yard.

For each area and half hour of the plant's day, the mean difference between doors and badges on days before, working
days and days of rest apart, and how much it varies. At first nothing is known, and the variance says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from factory_pipelines.occupancy.doors import Count
from factory_pipelines.plant.clock import PlantClock

SLOT = timedelta(minutes=30)
PRIOR_WEIGHT = 2.0
"""So many days without strangers stand beside those observed: who has no badge is not assumed to stay for ever."""
PRIOR_SD = 1.0
PRIOR_SHARE = 0.04
"""Before anything is known: so many strangers, or badge holders in the yard, for each badge holder inside."""
MEMORY_DAYS = 14.0
LEAST_VARIANCE = 0.04
LEAST_SHARE = 0.003

Slot = tuple[str, bool, int]


class Difference(NamedTuple):
    """Doors less badges at one moment of a day that is over; ``variance``: of what the doors say of it."""

    area_id: str
    at: datetime
    people: float
    variance: float


class SlotMeans(NamedTuple):
    """The differences of one day in one area and half hour: their mean, and the mean of their squares."""

    area_id: str
    is_working_day: bool
    half_hour: int
    mean: float
    square: float


@dataclass(slots=True)
class _Moments:
    weight: float = 0.0
    mean: float = 0.0
    square: float = 0.0


@dataclass(slots=True)
class Strangers:
    """Expected people without a badge, by area and half hour.

    Args:
        clock: the plant's days and zone.
    """

    clock: PlantClock
    _slots: dict[Slot, _Moments] = field(default_factory=dict)

    def as_json(self) -> list[list[Any]]:
        """To be stored; ``from_json`` gives the same back."""
        return [[*slot, m.weight, round(m.mean, 4), round(m.square, 4)] for slot, m in sorted(self._slots.items())]

    @classmethod
    def from_json(cls, stored: Iterable[Iterable[Any]], clock: PlantClock) -> "Strangers":
        """What was stored."""
        found = cls(clock)
        for area_id, is_working_day, half_hour, weight, mean, square in stored:
            found._slots[area_id, is_working_day, half_hour] = _Moments(weight, mean, square)
        return found

    def slot(self, area_id: str, at: datetime) -> Slot:
        """The half hour ``at`` lies in."""
        local = at.astimezone(self.clock.zone)
        half_hour = (local.hour * 60 + local.minute) // 30
        return area_id, self.clock.is_working_day(self.clock.production_day(at)), half_hour

    def summarise(self, differences: Iterable[Difference]) -> list[SlotMeans]:
        """One day that is over, by area and half hour."""
        found: dict[Slot, list[Difference]] = {}
        for one in differences:
            found.setdefault(self.slot(one.area_id, one.at), []).append(one)
        return [
            SlotMeans(
                *slot,
                sum(one.people for one in values) / len(values),
                # What the doors did not see varies too, and is no stranger.
                sum(one.people**2 - one.variance for one in values) / len(values),
            )
            for slot, values in sorted(found.items())
        ]

    def learn_day(self, means: Iterable[SlotMeans]) -> None:
        """Takes in one day that is over; days before it lose weight."""
        keep = 1.0 - 1.0 / MEMORY_DAYS
        for one in means:
            known = self._slots.setdefault((one.area_id, one.is_working_day, one.half_hour), _Moments())
            total = known.weight * keep + 1.0
            known.mean = (known.mean * known.weight * keep + one.mean) / total
            known.square = (known.square * known.weight * keep + one.square) / total
            known.weight = total

    def expected(self, area_id: str, at: datetime, with_badge: float) -> Count:
        """People without a badge less badge holders in the yard, ``with_badge`` people being inside by badge."""
        prior_sd = PRIOR_SD + PRIOR_SHARE * with_badge
        known = self._slots.get(self.slot(area_id, at))
        if known is None:
            return Count(0.0, prior_sd)
        total = known.weight + PRIOR_WEIGHT
        mean = known.mean * known.weight / total
        # A few days tell the mean badly and the spread worse: the prior's variance fades with them.
        spread = max(known.square - known.mean**2, 0.0)
        fading = PRIOR_WEIGHT / total
        variance = spread + fading**2 * prior_sd**2 + spread / total
        return Count(mean, max(variance, LEAST_VARIANCE + (LEAST_SHARE * with_badge) ** 2) ** 0.5)
