"""Vehicles at the simulated plant's gates: whose they are, when they come and go, and what a camera reads of them.

Staff cars, lorries and buses stand on the lists; some lorries are let in for a day or two; a few vehicles are blocked;
strangers turn up, now and then with a plate one character away from one that may come in. Whoever may not come in is
turned away, so that everybody who drives in drives out again. Any day is computed alone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from factory_pipelines.demo.noise import Bools, Ints, Noise
from factory_pipelines.demo.ocr import FrameRead, reads_of
from factory_pipelines.demo.terminals import instants
from factory_pipelines.plant.clock import PlantClock

MAIN_GATE, GOODS_GATE = "main", "goods"
OFFICER = "demo office"

_STATES = ("KA", "TN", "AP", "KL", "TS", "MH")
_SERIES = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # I and O are not issued
_SLOGANS = ("HORN OK PLEASE", "STOP", "NO PARKING", "GOODS CARRIER", "98450 12345", "KEEP DISTANCE")
_CARS, _LORRIES, _BUSES, _BLOCKED = 36, 40, 6, 6
_TEMPORARY, _STRANGERS, _NOT_A_PLATE = 3, 9, 3
_CAR_KEY, _LORRY_KEY, _BUS_KEY, _BLOCKED_KEY = 0, 10_000, 20_000, 30_000
_PER_DAY = 10_000  # keys of vehicles that are met on one day only begin at 1,000,000
_LISTED_SINCE = datetime(2018, 1, 1, tzinfo=UTC)
_MINUTE = 60


@dataclass(frozen=True)
class DayTraffic:
    """One production day at the gates. All times are in UTC.

    Attributes:
        passages: truth: passage_id, track_id (the camera's number for the vehicle, from 1), plate (None where what was
            read is no plate), kind ('authorized', 'temporary',
            'blocked', 'stranger', 'lookalike', 'nothing'), gate_id, at, direction, may_enter.
        reads: what the camera saw: passage_id → frames, in the order of the passages.
        lists: lines that count on some moment of the day: plate, list_kind, reason, officer, valid_from, valid_until.
    """

    passages: pd.DataFrame
    reads: dict[str, list[FrameRead]]
    lists: pd.DataFrame


@dataclass(frozen=True)
class _Visits:
    """Vehicles that come on one calendar day; arrays over visits. ``until`` is 0 for who is turned away."""

    key: Ints
    plate: list[str]
    kind: list[str]
    gate: list[str]
    since: Ints
    until: Ints


class Traffic:
    """The gates of the simulated factory.

    Args:
        seed: of the factory.
        clock: time in the plant.
        scale: 1.0 is about 150 passages on a working day.
    """

    def __init__(self, seed: int, *, clock: PlantClock, scale: float = 1.0) -> None:
        self._noise = Noise(seed)
        self._scale = scale
        self.clock = clock
        self._visits = lru_cache(maxsize=16)(self._visits_uncached)

    def day(self, day: date) -> DayTraffic:
        """The production day ``day``, past or future."""
        start, end = self.clock.window(day)
        days = [day + timedelta(days=n) for n in (-1, 0, 1)]
        found = pd.concat([_passages(self._visits(d)) for d in days], ignore_index=True)
        found = found.loc[(found["at"] >= start) & (found["at"] < end)]
        found = found.sort_values(["at", "passage_id"], ignore_index=True)
        found["track_id"] = np.arange(1, len(found) + 1)
        key = found["read_key"].to_numpy()
        reads = reads_of(self._noise, found["shown"].tolist(), key)
        return DayTraffic(
            passages=found[["passage_id", "track_id", "plate", "kind", "gate_id", "at", "direction", "may_enter"]],
            reads=dict(zip(found["passage_id"], reads, strict=True)),
            lists=self.lists(day),
        )

    def lists(self, day: date) -> pd.DataFrame:
        """Lines of the vehicle lists that count on some moment of ``day``."""
        lines: list[dict[str, Any]] = []
        for first, count, kind, reason in (
            (_CAR_KEY, _CARS, "authorized", "staff car"),
            (_LORRY_KEY, _LORRIES, "authorized", "contract haulier"),
            (_BUS_KEY, _BUSES, "authorized", "staff bus"),
            (_BLOCKED_KEY, _BLOCKED, "blocked", "left with unpaid goods"),
        ):
            for plate in self._plates(first + np.arange(self._count(count))):
                lines.append(_line(plate, kind, reason, _LISTED_SINCE, None))
        for before in (1, 0):
            entered = day - timedelta(days=before)
            since = self.clock.window(entered)[0]
            for plate in self._plates(self._temporary(entered)):
                lines.append(_line(plate, "temporary", "delivery of machine parts", since, since + timedelta(days=2)))
        return pd.DataFrame(lines)

    def _visits_uncached(self, day: date) -> _Visits:
        groups = [self._buses(day), self._blocked(day)]
        if self.clock.is_working_day(day):
            groups += [self._cars(day), self._lorries(day), self._temporaries(day), self._strangers(day)]
        return _Visits(
            np.concatenate([group.key for group in groups]),
            [plate for group in groups for plate in group.plate],
            [kind for group in groups for kind in group.kind],
            [gate for group in groups for gate in group.gate],
            np.concatenate([group.since for group in groups]),
            np.concatenate([group.until for group in groups]),
        )

    def _cars(self, day: date) -> _Visits:
        key = self._coming(_CAR_KEY + np.arange(self._count(_CARS)), 0.85, day)
        since = self._at(day, 8) + self._seconds("car/in", -30, 50, key, day)
        return self._listed(key, "authorized", MAIN_GATE, since, since + self._seconds("car/for", 510, 620, key, day))

    def _lorries(self, day: date) -> _Visits:
        key = self._coming(_LORRY_KEY + np.arange(self._count(_LORRIES)), 0.45, day)
        since = self._at(day, 7) + self._seconds("lorry/in", 0, 720, key, day)
        return self._listed(key, "authorized", GOODS_GATE, since, since + self._seconds("lorry/for", 25, 140, key, day))

    def _buses(self, day: date) -> _Visits:
        """Buses bring each shift, rest days included, and wait for the one before it."""
        buses = _BUS_KEY + np.arange(self._count(_BUSES))
        shift = (buses - _BUS_KEY) % 3
        start = self._at(day, self.clock.day_start.hour) + shift * 8 * 60 * _MINUTE
        since = start - self._seconds("bus/in", 10, 25, buses, day)
        return self._listed(buses, "authorized", MAIN_GATE, since, start + self._seconds("bus/out", 12, 25, buses, day))

    def _temporaries(self, day: date) -> _Visits:
        """Those entered today, and those of yesterday who come once more."""
        yesterday = self._temporary(day - timedelta(days=1))
        key = np.concatenate([self._temporary(day), self._coming(yesterday, 0.4, day)])
        since = self._at(day, 9) + self._seconds("temporary/in", 0, 420, key, day)
        return self._listed(
            key, "temporary", GOODS_GATE, since, since + self._seconds("temporary/for", 20, 90, key, day)
        )

    def _blocked(self, day: date) -> _Visits:
        key = self._coming(_BLOCKED_KEY + np.arange(self._count(_BLOCKED)), 0.06, day)
        since = self._at(day, 7) + self._seconds("blocked/in", 0, 780, key, day)
        return self._listed(key, "blocked", GOODS_GATE, since, np.zeros(len(key), dtype=np.int64))

    def _strangers(self, day: date) -> _Visits:
        """Vehicles on no list, every fifth like one that is, and what is no plate at all."""
        first = 1_000_000 + day.toordinal() * _PER_DAY
        vehicles = first + np.arange(self._count(_STRANGERS))
        others = first + 1_000 + np.arange(self._count(_NOT_A_PLATE))
        key = np.concatenate([vehicles, others])
        plates = self._plates(vehicles)
        alike = self._noise.chance("stranger/alike", 0.2, vehicles)
        lorries = self._plates(_LORRY_KEY + self._noise.integers("stranger/like", 0, 9, vehicles))
        off_by = self._noise.integers("stranger/digit", 1, 9, vehicles).tolist()
        for n in np.flatnonzero(alike).tolist():
            plates[n] = _off_by_one(lorries[n], off_by[n])
        listed = set(self._plates(_LORRY_KEY + np.arange(self._count(_LORRIES))))
        kinds = [
            "lookalike" if is_like and plate not in listed else "stranger"
            for is_like, plate in zip(alike, plates, strict=True)
        ]
        slogans = self._noise.integers("stranger/slogan", 0, len(_SLOGANS) - 1, others).tolist()
        gates = np.where(self._noise.chance("stranger/goods", 0.5, key), GOODS_GATE, MAIN_GATE).tolist()
        since = self._at(day, 8) + self._seconds("stranger/in", 0, 600, key, day)
        return _Visits(
            key,
            [*plates, *(_SLOGANS[n] for n in slogans)],
            [*kinds, *("nothing" for _ in slogans)],
            gates,
            since,
            np.zeros(len(key), dtype=np.int64),
        )

    def _listed(self, key: Ints, kind: str, gate: str, since: Ints, until: Ints) -> _Visits:
        return _Visits(key, self._plates(key), [kind] * len(key), [gate] * len(key), since, until)

    def _temporary(self, day: date) -> Ints:
        """Vehicles let in for two days from ``day`` on; none on a rest day."""
        count = self._count(_TEMPORARY) if self.clock.is_working_day(day) else 0
        return 1_000_000 + day.toordinal() * _PER_DAY + 2_000 + np.arange(count)

    def _plates(self, key: Ints) -> list[str]:
        """Indian numbers: most of the standard series, some of Delhi's and the Bharat series."""
        noise = self._noise
        form = noise.uniform("plate/form", key).tolist()
        state = noise.integers("plate/state", 0, len(_STATES) - 1, key).tolist()
        district = noise.integers("plate/district", 1, 60, key).tolist()
        number = noise.integers("plate/number", 1, 9999, key).tolist()
        first = noise.integers("plate/first", 0, len(_SERIES) - 1, key).tolist()
        second = noise.integers("plate/second", 0, len(_SERIES) - 1, key).tolist()
        found = []
        for n, draw in enumerate(form):
            series = _SERIES[first[n]] + _SERIES[second[n]]
            if draw < 0.78:
                found.append(f"{_STATES[state[n]]}{district[n]:02d}{series}{number[n]:04d}")
            elif draw < 0.90:
                found.append(f"{_STATES[state[n]]}{district[n]:02d}{series[0]}{number[n]:04d}")
            elif draw < 0.95:
                found.append(f"DL{district[n] % 9 + 1}C{series}{number[n]:04d}")
            else:
                found.append(f"{21 + district[n] % 5}BH{number[n]:04d}{series}")
        return found

    def _coming(self, key: Ints, chance: float, day: date) -> Ints:
        return key[self._noise.chance("vehicle/comes", chance, key, day.toordinal())]

    def _seconds(self, stream: str, low_min: int, high_min: int, key: Ints, day: date) -> Ints:
        return self._noise.integers(stream, low_min * _MINUTE, high_min * _MINUTE, key, day.toordinal())

    def _at(self, day: date, hour: int) -> int:
        return int(datetime.combine(day, time(hour), self.clock.zone).timestamp())

    def _count(self, at_scale_1: int) -> int:
        return max(1, round(at_scale_1 * self._scale))


def _passages(visits: _Visits) -> pd.DataFrame:
    """One row a passage: in, and out again where the vehicle was let in."""
    n = len(visits.key)
    leaves: Bools = visits.until > 0
    row = np.concatenate([np.arange(n), np.flatnonzero(leaves)])
    goes_out = np.arange(len(row)) >= n
    seconds = np.where(goes_out, visits.until[row], visits.since[row])
    kind = np.asarray(visits.kind, dtype=object)[row]
    shown = np.asarray(visits.plate, dtype=object)[row]
    return pd.DataFrame(
        {
            "passage_id": [f"p{at}-{key}" for at, key in zip(seconds.tolist(), visits.key[row].tolist(), strict=True)],
            "plate": pd.Series(np.where(kind == "nothing", None, shown), dtype=object),
            "shown": shown,
            "kind": kind,
            "gate_id": np.asarray(visits.gate, dtype=object)[row],
            "at": instants(seconds),
            "direction": np.where(goes_out, "out", "in"),
            "may_enter": np.isin(kind.astype(str), ["authorized", "temporary"]),
            "read_key": visits.key[row] * 100_000_000 + seconds % 100_000_000,
        }
    )


def _off_by_one(plate: str, by: int) -> str:
    """The plate with another last digit."""
    place = max(n for n, char in enumerate(plate) if char.isdigit())
    return f"{plate[:place]}{(int(plate[place]) + by) % 10}{plate[place + 1 :]}"


def _line(plate: str, kind: str, reason: str, since: datetime, until: datetime | None) -> dict[str, Any]:
    return {
        "plate": plate,
        "list_kind": kind,
        "reason": reason,
        "officer": OFFICER,
        "valid_from": since,
        "valid_until": until,
    }
