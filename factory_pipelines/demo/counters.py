"""The counters above the doors: what they miss, when they are out of order, and that they are alive."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factory_pipelines.demo import site
from factory_pipelines.demo.noise import Ints, Noise
from factory_pipelines.demo.terminals import instants

HEARTBEAT_S = 600
_HOUR = 3600


@dataclass(frozen=True)
class Silence:
    """A counter out of order; instants in seconds since 1970."""

    door: int
    start: int
    end: int


class Counters:
    """The counters of all doors.

    Args:
        noise: source of chance.
        miss_in: share of the ways in that are missed, on average over the doors.
        miss_out: likewise for the ways out.
        outages: chance that a counter is out of order for some hours of a day.
    """

    def __init__(self, noise: Noise, miss_in: float, miss_out: float, outages: float) -> None:
        self._noise = noise
        self._miss = np.asarray([miss_in, miss_out])
        self._outages = outages
        # A camera sees backs better than faces, or the other way round: what a door gains in one direction it loses
        # in the other.
        lean = noise.between("counter/lean", -0.8, 0.8, np.arange(len(site.DOORS)))
        self._lean = np.stack([1.0 + lean, 1.0 - lean])

    def outages(self, start: int, day: int) -> list[Silence]:
        """When counters are out of order on the production day that begins at ``start`` and has the ordinal ``day``."""
        door = np.arange(len(site.DOORS))
        down = np.flatnonzero(self._noise.chance("counter/down", self._outages, door, day))
        since = start + self._noise.integers("counter/down_at", 0, 20 * _HOUR, door, day)
        until = since + self._noise.integers("counter/down_for", _HOUR, 3 * _HOUR, door, day)
        return [Silence(int(n), int(since[n]), int(until[n])) for n in down]

    def crossings(self, passages: pd.DataFrame, outages: list[Silence]) -> pd.DataFrame:
        """What was seen of passages (with columns key, the person's number, and door): one event a person."""
        seconds = _seconds(passages["at"])
        door = passages["door"].to_numpy()
        out = (passages["direction"] == "out").to_numpy().astype(np.int64)
        chance = self._miss[out] * self._lean[out, door]
        seen = ~self._noise.chance("counter/miss", chance, passages["key"].to_numpy(), seconds)
        for outage in outages:
            seen &= ~((door == outage.door) & (seconds >= outage.start) & (seconds < outage.end))
        kept = passages[seen]
        ids = [f"x{at}-{key}" for at, key in zip(seconds[seen].tolist(), kept["key"].tolist(), strict=True)]
        return pd.DataFrame(
            {
                "event_id": ids,
                "source_id": kept["door_id"].to_numpy(),
                "observed_at": kept["at"].to_numpy(),
                "direction": kept["direction"].to_numpy(),
                "people": np.ones(len(kept), dtype=np.int64),
            }
        )

    def heartbeats(self, start: int, end: int, outages: list[Silence]) -> pd.DataFrame:
        """One sign of life of each counter every ``HEARTBEAT_S``, from ``start`` (included) to ``end``."""
        beats: Ints = np.arange(start, end, HEARTBEAT_S)
        door, at = np.repeat(np.arange(len(site.DOORS)), len(beats)), np.tile(beats, len(site.DOORS))
        alive = np.ones(len(at), dtype=bool)
        for outage in outages:
            alive &= ~((door == outage.door) & (at >= outage.start) & (at < outage.end))
        door, at = door[alive], at[alive]
        return pd.DataFrame(
            {
                "event_id": [f"h{second}" for second in at.tolist()],
                "source_id": np.asarray([d.door_id for d in site.DOORS], dtype=object)[door],
                "observed_at": instants(at),
            }
        )


def _seconds(times: pd.Series) -> Ints:
    seconds: Ints = times.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    return seconds
