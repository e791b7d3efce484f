"""Forecasts and crowds of a production day, out of the hours of the doors and into their tables."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from psycopg import sql

from factory_pipelines.occupancy.crowd_tables import OCCUPANCY_FORECAST, UNUSUAL_CROWDS
from factory_pipelines.occupancy.patterns import (
    Counts,
    Crowd,
    CrowdRule,
    ProfileRule,
    alarm_threshold,
    crowds,
    day_ahead,
    most_likely,
    profiles,
)
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.shifts import ShiftCalendar
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import replacing_slice

_HISTORY = timedelta(days=120)
_SLOTS = 24
_HOUR = timedelta(hours=1)
_FIRST_SCORED = 21  # days after which a crowd can be told from a usual day: three of each weekday
_PROFILE, _CROWD = ProfileRule(), CrowdRule(gap_slots=1)


@dataclass(frozen=True, slots=True)
class _AreaHours:
    """Who passed the doors of an area: a row a day from ``first`` on, a column an hour of the plant's clock."""

    area_id: str
    first: date
    entries: Counts
    exits: Counts

    def known_days(self) -> int:
        """Days with a count, the last row left out: it is the day in question."""
        return int((~np.isnan(self.entries[:-1])).any(axis=1).sum())


def forecast_day(warehouse: Warehouse, clock: PlantClock, day: date) -> int:
    """Writes the forecast of a production day, made from the days before it; returns its rows."""
    rows: list[tuple[Any, ...]] = []
    for area in _areas(warehouse, clock, day):
        history = area.known_days()
        weekdays, kinds = _calendar(clock, area.first, day)
        expected = [
            day_ahead(flow[:-1], weekdays[:-1], kinds[:-1], weekdays[-1], kinds[-1], _PROFILE)
            for flow in (area.entries, area.exits)
        ]
        for start in _hours(clock, day):
            rates = [float(rate[_slot(clock, start)]) for rate in expected]
            if history and not np.isnan(rates).any():
                likely = [int(most_likely(np.array(rate))) for rate in rates]
                rows.append((day, area.area_id, start, start + _HOUR, *rates, *likely, history))
    return _replace(warehouse, OCCUPANCY_FORECAST, day, rows)


def find_crowds(warehouse: Warehouse, clock: PlantClock, day: date) -> tuple[int, int]:
    """Writes the crowds that begin on a production day; returns how many there are, and how many are alarms."""
    rows: list[tuple[Any, ...]] = []
    for area in _areas(warehouse, clock, day):
        weekdays, kinds = _calendar(clock, area.first, day)
        flows = [(counts, profiles(counts, weekdays, kinds, _PROFILE)) for counts in (area.entries, area.exits)]
        of_day = [
            crowds({name: (c[n], e[n]) for name, (c, e) in zip(("in", "out"), flows, strict=True)}, _CROWD)
            for n in range(len(weekdays))
        ]
        past = [one.score for found in of_day[_FIRST_SCORED:-1] for one in found]
        weeks = max(len(weekdays) - 1 - _FIRST_SCORED, 0) / 7
        threshold = alarm_threshold(past, weeks, _CROWD)
        starts = {_slot(clock, start): start for start in _hours(clock, day)}
        today = [(counts[-1], expected[-1]) for counts, expected in flows]
        rows += [_row(day, area.area_id, one, threshold, starts, today) for one in of_day[-1]]
    alarms = UNUSUAL_CROWDS_COLUMNS.index("is_alarm")
    return _replace(warehouse, UNUSUAL_CROWDS, day, rows), sum(bool(row[alarms]) for row in rows)


def _columns(table: Table) -> list[str]:
    return [name for name in table.columns if name != "organization_id"]


UNUSUAL_CROWDS_COLUMNS = _columns(UNUSUAL_CROWDS)


def _row(
    day: date,
    area_id: str,
    crowd: Crowd,
    threshold: float | None,
    starts: dict[int, datetime],
    flows: list[tuple[Counts, Counts]],
) -> tuple[Any, ...]:
    within = slice(crowd.first, crowd.last + 1)
    (entries, usual_in), (exits, usual_out) = ((np.nansum(c[within]), np.nansum(e[within])) for c, e in flows)
    is_alarm = threshold is not None and crowd.score > threshold
    return (
        *(day, area_id, starts[crowd.first], starts[crowd.last] + _HOUR, crowd.score, threshold, is_alarm),
        *(crowd.people_over, int(entries), int(exits), float(usual_in), float(usual_out)),
    )


def _areas(warehouse: Warehouse, clock: PlantClock, day: date) -> Iterator[_AreaHours]:
    """Each area with doors that has been counted until ``day``, whose row is the last; unknown hours are NaN."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in warehouse.rows("occupancy/door_hours", {"first": day - _HISTORY, "last": day}):
        found[row["area_id"]].append(row)
    for area_id, rows in found.items():
        first = min(row["production_day"] for row in rows)
        entries, exits = (np.full(((day - first).days + 1, _SLOTS), np.nan) for _ in range(2))
        for row in rows:
            place = (row["production_day"] - first).days, _slot(clock, row["hour_start"])
            # Where the clock goes back, the hour that comes twice counts as its second.
            entries[place] = np.nan if row["entries"] is None else row["entries"]
            exits[place] = np.nan if row["exits"] is None else row["exits"]
        yield _AreaHours(area_id, first, entries, exits)


def _calendar(clock: PlantClock, first: date, last: date) -> tuple[list[int], list[str]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    calendar = ShiftCalendar(clock)
    return [day.weekday() for day in days], [calendar.day_type(day).value for day in days]


def _hours(clock: PlantClock, day: date) -> Iterator[datetime]:
    """The hours of a production day, as the plant's clock strikes them."""
    start, end = clock.window(day)
    while start < end:
        yield start
        start += _HOUR


def _slot(clock: PlantClock, at: datetime) -> int:
    """Which hour of the production day it is by the plant's clock, from 0."""
    wall = at.astimezone(clock.zone)
    minutes = 60 * (wall.hour - clock.day_start.hour) + wall.minute - clock.day_start.minute
    return minutes % (60 * _SLOTS) // 60


def _replace(warehouse: Warehouse, table: Table, day: date, rows: list[tuple[Any, ...]]) -> int:
    target = sql.Identifier(table.schema, table.name)
    with replacing_slice(warehouse, target, day_column="production_day", first=day, last=day) as conn:
        return copy_rows(conn, target, _columns(table), rows)
