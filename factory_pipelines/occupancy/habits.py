"""What people are like: how often they forget their badge, stay away, come early and stay on.

Learned from days that are over, never from the moment that is estimated. Every figure starts from a prior worth some
observations, so that the first day is as usable as the hundredth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from math import exp
from typing import Any

BIN = timedelta(minutes=5)
FIRST = timedelta(minutes=-60)
BINS = 48
"""Five minutes each, from an hour before the start (or end) of a shift to three hours after it."""

_WEIGHT = 100.0
_SPREAD_WEIGHT = 40.0
_FORGET, _ABSENCE = 0.02, 0.05


def _prior(mean: timedelta, since: timedelta) -> tuple[float, ...]:
    """Shares until the end of each bin, of an exponential distribution that begins at ``since``."""
    return tuple(1.0 - exp(-(max(FIRST + BIN * (n + 1) - since, timedelta()) / mean)) for n in range(BINS))


_ARRIVALS = _prior(timedelta(minutes=8), timedelta(minutes=-20))
_DEPARTURES = _prior(timedelta(minutes=10), timedelta())


@dataclass(frozen=True, slots=True)
class Habits:
    """Rates of one plant; shares are 0 to 1.

    Attributes:
        forget_in: of people who come, those who do not punch in.
        forget_out: of people who leave, those who do not punch out.
        absence: of expected shifts, those nobody came to.
        arrivals: share of those who come that have come by the end of each five minutes around the start of the shift.
        departures: share of those who leave that have left by the end of each five minutes around its end.
    """

    forget_in: float = _FORGET
    forget_out: float = _FORGET
    absence: float = _ABSENCE
    arrivals: tuple[float, ...] = _ARRIVALS
    departures: tuple[float, ...] = _DEPARTURES

    def arrived(self, after_start: timedelta) -> float:
        """Share of those who come that have come so long after the start (negative: before it)."""
        return _share_until(self.arrivals, after_start)

    def still_in(self, after_end: timedelta) -> float:
        """Share of those who stayed until the end that are still in so long after it."""
        at_end = 1.0 - _share_until(self.departures, timedelta())
        return min((1.0 - _share_until(self.departures, after_end)) / at_end, 1.0) if at_end > 0.0 else 0.0


def _share_until(shares: Sequence[float], offset: timedelta) -> float:
    place = (offset - FIRST) / BIN
    if place <= 0.0:
        return 0.0
    if place >= BINS:
        return 1.0
    whole = int(place)
    before = shares[whole - 1] if whole else 0.0
    return before + (shares[whole] - before) * (place - whole)


@dataclass(frozen=True, slots=True)
class HabitCounts:
    """What was counted over shifts that are over; sums of days add up.

    Attributes:
        visits: presences that had at least one punch, and terminals that tell directions.
        without_in: of them, those that only a punch out shows.
        without_out: of them, those that only a punch in shows.
        expected: shifts people were expected to.
        absent: of them, those without any punch.
        arrivals: first punches in, by five minutes.
        departures: last punches out, by five minutes.
    """

    visits: int = 0
    without_in: int = 0
    without_out: int = 0
    expected: int = 0
    absent: int = 0
    arrivals: tuple[int, ...] = (0,) * BINS
    departures: tuple[int, ...] = (0,) * BINS

    def __add__(self, other: "HabitCounts") -> "HabitCounts":
        """Both together."""
        return HabitCounts(
            self.visits + other.visits,
            self.without_in + other.without_in,
            self.without_out + other.without_out,
            self.expected + other.expected,
            self.absent + other.absent,
            tuple(a + b for a, b in zip(self.arrivals, other.arrivals, strict=True)),
            tuple(a + b for a, b in zip(self.departures, other.departures, strict=True)),
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "HabitCounts":
        """What ``dataclasses.asdict`` gave, after a stay in JSON."""
        return cls(**{**stored, "arrivals": tuple(stored["arrivals"]), "departures": tuple(stored["departures"])})

    def habits(self) -> Habits:
        """The rates these counts say, with the priors' weight."""
        return Habits(
            forget_in=(self.without_in + _FORGET * _WEIGHT) / (self.visits + _WEIGHT),
            forget_out=(self.without_out + _FORGET * _WEIGHT) / (self.visits + _WEIGHT),
            absence=(self.absent + _ABSENCE * _WEIGHT) / (self.expected + _WEIGHT),
            arrivals=_shares(self.arrivals, _ARRIVALS),
            departures=_shares(self.departures, _DEPARTURES),
        )


def _shares(counts: Sequence[int], prior: Sequence[float]) -> tuple[float, ...]:
    total = sum(counts) + _SPREAD_WEIGHT
    return tuple(
        (until + _SPREAD_WEIGHT * share) / total for until, share in zip(accumulate(counts), prior, strict=True)
    )


def bin_of(offset: timedelta) -> int | None:
    """Place of an offset among the five minutes; None outside them."""
    place = (offset - FIRST) // BIN
    return place if 0 <= place < BINS else None
