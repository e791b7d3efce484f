"""People in the simulated plant: who is where, what doors and terminals make of it, and what it is worth.

Any day is computed alone from the seed. Conservation holds by construction: a stay has one way in and one way out, and
a punch is made at the terminal some seconds before its door is passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
import pandas as pd

from factory_pipelines.demo import counters, site, terminals
from factory_pipelines.demo.crews import Crews, Due, Roster
from factory_pipelines.demo.movements import Legs, legs_of, presences_of
from factory_pipelines.demo.noise import Ints, Noise
from factory_pipelines.demo.terminals import Outage, Told, instants
from factory_pipelines.demo.timesheet import timesheet
from factory_pipelines.plant.clock import PlantClock

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayPresence:
    """One production day, what happened and what was seen of it. All times are in UTC.

    Attributes:
        stays: truth: person_id, kind ('employee', 'contractor', 'visitor'), area_id, entered_at, left_at; those that
            overlap the day, whole, so a night shift's stay is longer than the day shows of it.
        passages: truth: person_id, door_id, area_id, at, direction; those within the day.
        crossings: what the counters above the doors saw of them: event_id, source_id (the door), observed_at,
            direction, people; misses and outages are gone.
        heartbeats: signs of life of the counters: event_id, source_id, observed_at; none while one is out of order.
        punches: what the terminals recorded within the day: employee_id, time, direction (None where the terminal does
            not say), source, device, sent_at (later than time by hours where a terminal was offline).
        timesheet: truth of every rostered shift of the production day (see ``timesheet.timesheet``).
        roster: employees, shifts and assignments of this day.
    """

    stays: pd.DataFrame
    passages: pd.DataFrame
    crossings: pd.DataFrame
    heartbeats: pd.DataFrame
    punches: pd.DataFrame
    timesheet: pd.DataFrame
    roster: Roster


@dataclass(frozen=True)
class _ShiftDay:
    """Everything of the shifts that begin on one calendar day."""

    due: Due
    legs: Legs
    told: Told


class Presence:
    """The people of the simulated factory; the same seed, scale and clock as ``Factory`` mean the same people.

    Args:
        seed: of the factory.
        scale: 1.0 is about 600 employees.
        clock: time in the plant.
        miss_in: share of the ways in that the counters miss, over all doors; each door misses more in one direction
            than in the other.
        miss_out: likewise for the ways out.
        counter_outages: chance that a door's counter is out of order for hours on a day.
    """

    def __init__(
        self,
        seed: int,
        *,
        clock: PlantClock,
        scale: float = 1.0,
        miss_in: float = 0.02,
        miss_out: float = 0.02,
        counter_outages: float = 0.0,
    ) -> None:
        self._noise = Noise(seed)
        self._counters = counters.Counters(self._noise, miss_in, miss_out, counter_outages)
        self._crews = Crews(self._noise, scale, clock)
        self._shift_day = lru_cache(maxsize=16)(self._shift_day_uncached)
        self._stays = lru_cache(maxsize=8)(self._stays_uncached)
        self.clock, self.scale = clock, scale

    def day(self, day: date) -> DayPresence:
        """The production day ``day``, past or future."""
        start, end = self.clock.window(day)
        parts = self._parts(day)
        passages = _within(pd.concat([_passages(part) for part in parts], ignore_index=True), "at", start, end)
        outages = self._counters.outages(int(start.timestamp()), day.toordinal())
        return DayPresence(
            stays=self._stays(day),
            passages=passages[["person_id", "door_id", "area_id", "at", "direction"]],
            crossings=self._counters.crossings(passages, outages),
            heartbeats=self._counters.heartbeats(int(start.timestamp()), int(end.timestamp()), outages),
            punches=self._punches(day, parts),
            timesheet=self._timesheet(day, parts),
            roster=self._crews.roster(day, day),
        )

    def roster(self, first: date, last: date) -> Roster:
        """Whoever is employed between two days, and their shifts."""
        return self._crews.roster(first, last)

    def headcount(self, at: datetime, area_id: str | None = None) -> int:
        """People truly inside an area (None or ``plant``: everywhere) at an instant."""
        stays = self._stays(self.clock.production_day(at))
        inside = (stays["entered_at"] <= at) & (at < stays["left_at"])
        if area_id not in (None, site.PLANT):
            inside &= stays["area_id"] == area_id
        return int(inside.sum())

    def reported_until(self, source: str, at: datetime) -> datetime:
        """Up to when a source of punches has delivered everything, at ``at``: its oldest running outage, or ``at``."""
        now = int(at.timestamp())
        day = self.clock.production_day(at)
        held = [
            outage.start
            for outage in self._terminal_outages(day)
            if site.DOORS[outage.door].source == source and outage.start <= now < outage.end
        ]
        return datetime.fromtimestamp(min(held, default=now), UTC)

    def _parts(self, day: date) -> list[_ShiftDay]:
        # The night before still is in the plant, and the morning after comes some minutes before its day begins.
        return [self._shift_day(day + n * _DAY) for n in (-1, 0, 1)]

    def _shift_day_uncached(self, day: date) -> _ShiftDay:
        due, ordinal = self._crews.due(day), day.toordinal()
        legs = legs_of(self._noise, due, presences_of(self._noise, due, ordinal), ordinal)
        return _ShiftDay(due, legs, terminals.told_of(self._noise, due, legs, ordinal))

    def _stays_uncached(self, day: date) -> pd.DataFrame:
        start, end = self.clock.window(day)
        stays = pd.concat([_stays(part) for part in self._parts(day)], ignore_index=True)
        return stays.loc[(stays["entered_at"] < end) & (stays["left_at"] > start)].reset_index(drop=True)

    def _punches(self, day: date, parts: Sequence[_ShiftDay]) -> pd.DataFrame:
        outages = self._terminal_outages(day)
        found = [terminals.punches_of(self._noise, part.due, part.legs, part.told, outages) for part in parts]
        return _within(pd.concat(found, ignore_index=True), "time", *self.clock.window(day))

    def _timesheet(self, day: date, parts: Sequence[_ShiftDay]) -> pd.DataFrame:
        planned = [
            (part, [self._crews.planned(n, shift_day) for n in range(len(self._crews.patterns))])
            for part, shift_day in zip(parts, (day - _DAY, day, day + _DAY), strict=True)
        ]
        sheets = [timesheet(part.due, part.legs, part.told, shifts) for part, shifts in planned]
        sheet = pd.concat(sheets, ignore_index=True)
        return sheet[sheet["production_day"] == day].reset_index(drop=True)

    def _terminal_outages(self, day: date) -> list[Outage]:
        days = (day - _DAY, day, day + _DAY)
        midnights = [int(datetime.combine(d, time(), self.clock.zone).timestamp()) for d in days]
        return [
            outage
            for d, midnight in zip(days, midnights, strict=True)
            for outage in terminals.outages_of(self._noise, midnight, d.toordinal())
        ]


def _passages(part: _ShiftDay) -> pd.DataFrame:
    legs, due = part.legs, part.due
    return pd.DataFrame(
        {
            "person_id": due.person_id[legs.who],
            "door_id": np.asarray([door.door_id for door in site.DOORS], dtype=object)[legs.door],
            "area_id": np.asarray(site.AREA_IDS, dtype=object)[due.area[legs.who]],
            "at": instants(legs.at_door),
            "direction": np.where(legs.is_in, "in", "out"),
            "key": due.key[legs.who],
            "door": legs.door,
        }
    )


def _stays(part: _ShiftDay) -> pd.DataFrame:
    legs, due = part.legs, part.due
    # In order of person and time, ways in and out take turns.
    into, out = np.flatnonzero(legs.is_in), np.flatnonzero(~legs.is_in)
    who: Ints = legs.who[into]
    return pd.DataFrame(
        {
            "person_id": due.person_id[who],
            "kind": due.kind[who],
            "area_id": np.asarray(site.AREA_IDS, dtype=object)[due.area[who]],
            "entered_at": instants(legs.at_door[into]),
            "left_at": instants(legs.at_door[out]),
        }
    )


def _within(frame: pd.DataFrame, column: str, start: datetime, end: datetime) -> pd.DataFrame:
    kept = frame.loc[(frame[column] >= start) & (frame[column] < end)]
    return kept.sort_values(column, kind="stable", ignore_index=True)
