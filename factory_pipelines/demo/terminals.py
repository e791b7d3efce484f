"""What the terminals send of the ways people take: forgotten punches, echoes, old terminals, and days offline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factory_pipelines.demo import site
from factory_pipelines.demo.crews import Due
from factory_pipelines.demo.movements import ARRIVAL, DEPARTURE, Legs
from factory_pipelines.demo.noise import Bools, Ints, Noise

_FORGETS_IN, _FORGETS_OUT = 0.010, 0.015
_ECHO, _RESENT = 0.03, 0.01
_STRANGE_BADGE = 0.06
_OFFLINE = 0.012
_HOUR = 3600


@dataclass(frozen=True)
class Told:
    """Which ways a terminal heard of; arrays over legs.

    Attributes:
        is_punched: a punch was made.
        is_forgotten: somebody who always punches here did not.
    """

    is_punched: Bools
    is_forgotten: Bools


@dataclass(frozen=True)
class Outage:
    """A terminal that is offline keeps its punches until it is back; instants in seconds since 1970."""

    door: int
    start: int
    end: int


def told_of(noise: Noise, due: Due, legs: Legs, day: int) -> Told:
    """Who used the terminal; some contractors try the badge of another plant."""
    key = due.key[legs.who]
    share = np.select([legs.kind == ARRIVAL, legs.kind == DEPARTURE], [_FORGETS_IN, _FORGETS_OUT], default=0.0)
    forgotten = legs.is_told & noise.chance("punch/forgotten", share, key, legs.kind, day)
    strange = (due.kind[legs.who] == "contractor") & (legs.kind == ARRIVAL)
    strange &= noise.chance("punch/strange", _STRANGE_BADGE, key, day)
    return Told(is_punched=(legs.is_told & ~forgotten) | strange, is_forgotten=forgotten)


def outages_of(noise: Noise, midnight: int, day: int) -> list[Outage]:
    """When terminals were offline; ``midnight`` is the instant at which the day with ordinal ``day`` begins."""
    door = np.arange(len(site.DOORS))
    start = midnight + noise.integers("terminal/offline_at", 0, 23 * _HOUR, door, day)
    end = start + noise.integers("terminal/offline_for", _HOUR, 5 * _HOUR, door, day)
    down = np.flatnonzero(noise.chance("terminal/offline", _OFFLINE, door, day))
    return [Outage(int(n), int(start[n]), int(end[n])) for n in down]


def punches_of(noise: Noise, due: Due, legs: Legs, told: Told, outages: list[Outage]) -> pd.DataFrame:
    """The punches of one day's shifts, with the terminals' dirt.

    Columns: employee_id, time (UTC), direction (None where the terminal does not say), source, device, sent_at (when
    the terminal delivers it).
    """
    made = np.flatnonzero(told.is_punched)
    key, at = due.key[legs.who[made]], legs.at_terminal[made]
    echoes = noise.chance("punch/echo", _ECHO, key, at)
    resent = noise.chance("punch/resent", _RESENT, key, at)
    again = noise.integers("punch/echo_after", 1, 100, key, at)
    row = np.concatenate([made, made[echoes], made[resent]])
    time = np.concatenate([at, (at + again)[echoes], at[resent]])
    door = legs.door[row]
    says = np.asarray([d.tells_direction for d in site.DOORS])[door]
    direction = np.where(legs.is_in[row], "in", "out").astype(object)
    direction[~says] = None
    sent = _delivered(time, door, outages) + noise.integers("punch/delay", 0, 20, due.key[legs.who[row]], time)
    frame = pd.DataFrame(
        {
            "employee_id": due.person_id[legs.who[row]],
            "time": instants(time),
            "direction": pd.Series(direction, dtype=object),  # pandas would make its own kind of nothing of None
            "source": np.asarray([d.source for d in site.DOORS], dtype=object)[door],
            "device": np.asarray([d.device for d in site.DOORS], dtype=object)[door],
            "sent_at": instants(sent),
        }
    )
    return frame.sort_values(["time", "employee_id", "device"], ignore_index=True, kind="stable")


def _delivered(time: Ints, door: Ints, outages: list[Outage]) -> Ints:
    """A terminal that is offline delivers everything when it is back."""
    sent = time.copy()
    for outage in outages:
        held = (door == outage.door) & (sent >= outage.start) & (sent < outage.end)
        sent[held] = outage.end
    return sent


def instants(seconds: Ints) -> pd.Series:
    """Seconds since 1970 as times in UTC."""
    return pd.Series(seconds.astype("datetime64[s]").astype("datetime64[us]")).dt.tz_localize("UTC")
