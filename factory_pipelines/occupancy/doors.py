"""What the doors say: how many are inside an area, from an anchor and the crossings since.

One of the two witnesses of a headcount (badges are the other). A counter misses some people, more in one direction than
in the other; for each person it saw, ``extra`` more passed on average. The longer ago the anchor and the more people
passed, the less is known: the variance says how much. A door without a sign of life makes its area unknown.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Way = Literal["in", "out"]

PRIOR_EXTRA = 0.02
PRIOR_EXTRA_SD = 0.02
_LATELY = timedelta(hours=2)


class Crossing(NamedTuple):
    """People seen passing a door, or (``direction`` None) a sign of life of its counter.

    ``alive_until``: its last sign of life before a silence, for who leaves out the signs between; None: this one.
    """

    at: datetime
    door_id: str
    direction: Way | None
    people: int
    key: str
    alive_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DoorRate:
    """People that pass a door unseen for each one seen, and how surely that is known (standard deviation)."""

    extra: float = PRIOR_EXTRA
    sd: float = PRIOR_EXTRA_SD


Rates = Mapping[tuple[str, Way], DoorRate]


class Count(NamedTuple):
    """People, and how surely (standard deviation)."""

    people: float
    sd: float


@dataclass(slots=True)
class DoorBalance:
    """The balance of one area's doors; takes crossings in order of time.

    Attributes:
        max_silence: of each door, how long it may say nothing.
        rates: what each door misses, by direction.
        since: time of the anchor; None before the first.
        anchored: what the anchor said.
        is_lost: the balance means nothing since a door was silent, until the next anchor.
        seen: people seen since the anchor, by door and direction.
        lifted: people added since the anchor because a balance cannot be negative.
    """

    max_silence: Mapping[str, timedelta]
    rates: Rates
    since: datetime | None = None
    anchored: Count = field(default_factory=lambda: Count(0.0, 0.0))
    is_lost: bool = True
    seen: dict[tuple[str, Way], int] = field(default_factory=dict)
    lifted: float = 0.0
    _people: float = 0.0
    _missed_variance: float = 0.0
    _last_sign: dict[str, datetime] = field(default_factory=dict)
    _lately: deque[tuple[datetime, int]] = field(default_factory=deque)

    def anchor(self, at: datetime, count: Count) -> None:
        """From here on the balance counts on from ``count``."""
        self.since, self.is_lost = at, False
        self.anchored = Count(max(count.people, 0.0), count.sd)
        self._people, self._missed_variance = self.anchored.people, 0.0
        self.seen, self.lifted = {}, 0.0

    def take(self, crossing: Crossing) -> bool:
        """The next crossing or sign of life; says whether the balance was lost by a silence that has just ended."""
        before = self._last_sign.get(crossing.door_id)
        self._last_sign[crossing.door_id] = crossing.alive_until or crossing.at
        returned = before is not None and crossing.at - before > self.max_silence[crossing.door_id]
        if returned:
            self.is_lost = True
        if crossing.direction is not None:
            self._pass(crossing.at, crossing.door_id, crossing.direction, crossing.people)
        return returned

    def _pass(self, at: datetime, door_id: str, way: Way, people: int) -> None:
        key = (door_id, way)
        self.seen[key] = self.seen.get(key, 0) + people
        rate = self.rates.get(key, DoorRate())
        passed = people * (1.0 + rate.extra)
        self._people += passed if way == "in" else -passed
        self._missed_variance += people * rate.extra * (1.0 + rate.extra)
        self._lately.append((at, people if way == "in" else -people))
        if self._people < 0.0:
            self.lifted -= self._people
            self._people = 0.0

    def silent(self, at: datetime) -> list[str]:
        """Doors without a sign of life for too long."""
        signs = self._last_sign
        return sorted(
            door for door, longest in self.max_silence.items() if door not in signs or at - signs[door] > longest
        )

    def read(self, at: datetime) -> Count | None:
        """People inside by the doors alone; None where a door is silent, or was since the anchor."""
        if self.is_lost or not self.max_silence or self.silent(at):
            return None
        return Count(self._people, (self.anchored.sd**2 + self.drift_variance()) ** 0.5)

    def drift_variance(self) -> float:
        """Variance of what the doors have missed since the anchor."""
        # What is not known of a rate concerns all of its crossings alike.
        systematic = sum((self.rates.get(key, DoorRate()).sd * people) ** 2 for key, people in self.seen.items())
        return self._missed_variance + systematic

    def came_lately(self, at: datetime) -> int:
        """People seen coming less those seen leaving in the last two hours."""
        while self._lately and at - self._lately[0][0] > _LATELY:
            self._lately.popleft()
        return sum(people for _, people in self._lately)
