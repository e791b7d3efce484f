"""Tells the domains what happened in the simulated plant, through their own doors: punches, crossings, vehicles.

Production day by production day, and on the running day up to the present. Every event has a key of its own, so that a
feed that was killed anywhere is simply begun again: what had arrived is known and not taken twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pandas as pd

from factory_pipelines.attendance import ingest as attendance
from factory_pipelines.demo import site
from factory_pipelines.demo.camera_site import CAMERAS
from factory_pipelines.demo.gate_feed import GateFeed
from factory_pipelines.demo.presence import DayPresence, Presence
from factory_pipelines.demo.resources import open_presence, open_traffic
from factory_pipelines.demo.roster_feed import keep_roster
from factory_pipelines.occupancy import ingest as occupancy
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.occupancy.terminals import register_terminal
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('demo.feed', 0))"
_DAY = timedelta(days=1)
_MAX_SILENCE_S = 900  # counters say every ten minutes that they are alive
_EARLIEST_ARRIVAL = timedelta(minutes=30)
_ROSTER_AHEAD = 2 * _DAY


@dataclass
class Fed:
    """What a feed has sent that was not known before.

    Attributes:
        until: everything before this has been sent.
        punches: of all terminals.
        occupancy_events: crossings and heartbeats of the counters.
        vehicles: decided upon by the gate.
    """

    until: datetime
    punches: int = 0
    occupancy_events: int = 0
    vehicles: int = 0


def feed(
    warehouse: Warehouse, settings: Settings, now: datetime, *, tell: Callable[[str], None] = lambda _: None
) -> Fed:
    """Sends everything that happened since the last feed and before ``now``; at the first one, the history.

    Args:
        warehouse: in the writer's role.
        settings: plant, demo and gate are used.
        now: the present.
        tell: told each production day as it begins.
    """
    with warehouse.transaction() as conn:
        conn.execute(_LOCK)  # one feed at a time; what it sends is committed by the domains themselves
        return _Feed(warehouse, settings, now).run(tell)


class _Feed:
    def __init__(self, warehouse: Warehouse, settings: Settings, now: datetime) -> None:
        self._warehouse, self._settings, self._now = warehouse, settings, now
        self._clock = settings.plant.clock()
        self._presence = open_presence(settings)
        self._day = lru_cache(maxsize=2)(self._presence.day)
        today = self._clock.production_day(now)
        earliest = settings.rtms.first_day
        params = {
            "fed_from": self._clock.window(max(earliest, today - settings.demo.people_days * _DAY))[0],
            "vehicles_from": self._clock.window(max(earliest, today - settings.demo.vehicle_days * _DAY))[0],
        }
        (state,) = warehouse.rows("demo/begin_feed", params)
        self._since: datetime = state["fed_until"]
        self._history_day = self._clock.production_day(state["fed_from"])
        self._gate = GateFeed(warehouse, settings, open_traffic(settings), since=state["vehicles_from"])
        self._fed = Fed(until=self._since)

    def run(self, tell: Callable[[str], None]) -> Fed:
        first, today = (self._clock.production_day(at) for at in (self._since, self._now))
        keep_roster(self._warehouse, self._presence.roster(first, today + _ROSTER_AHEAD), self._history_day)
        self._register_doors()
        for n in range((today - first).days + 1):
            day = first + n * _DAY
            tell(day.isoformat())
            until = min(self._now, self._clock.window(day)[1])
            self._send_punches(day, until)
            self._send_crossings(day, until)
            self._fed.vehicles += self._gate.send(day, self._since, until)
            self._warehouse.execute("demo/advance_feed", {"fed_until": until})
            self._since = self._fed.until = until
        for source in {door.source for door in site.DOORS}:
            attendance.report_source(self._warehouse, source, self._presence.reported_until(source, self._now))
        return self._fed

    def _register_doors(self) -> None:
        start = self._clock.window(self._history_day)[0]
        register_area(self._warehouse, site.PLANT, area_name="The whole plant", start_people=None)
        for area in site.AREAS:
            register_area(
                self._warehouse,
                area.area_id,
                area_name=area.area_name,
                capacity=site.capacity_of(area, self._settings.demo.scale),
                parent_area_id=site.PLANT,
                start_people=self._presence.headcount(start, area.area_id),
            )
        for camera in CAMERAS:  # counted by themselves: who eats is still a hall's
            if camera.area_id is not None:
                register_area(
                    self._warehouse,
                    camera.area_id,
                    area_name=camera.area_name,
                    capacity=camera.capacity,
                    start_people=0,
                )
        for door in site.DOORS:
            area_id = site.AREA_IDS[door.area]
            register_source(
                self._warehouse,
                door.door_id,
                area_id=area_id,
                kind="door",
                max_silence_s=_MAX_SILENCE_S,
                now=self._now,
            )
            register_terminal(self._warehouse, door.source, door.device, area_id=area_id, door_id=door.door_id)

    def _send_punches(self, day: date, until: datetime) -> None:
        """What terminals delivered in this time: most of it punched a moment ago, some while they were offline."""
        punches = pd.concat([self._day(d).punches for d in (day - _DAY, day)], ignore_index=True)
        since = self._since
        if day == self._history_day:  # who begins with the day has punched before it
            since -= _EARLIEST_ARRIVAL
        punches = punches.loc[(punches["sent_at"] >= since) & (punches["sent_at"] < until)]
        if day <= self._history_day + _DAY:
            punches = _without_last_night(punches, self._presence, self._history_day)
        events = [
            {
                "employee_id": employee,
                "time": at.isoformat(),
                "direction": direction,
                "source": source,
                "device": device,
            }
            for employee, at, direction, source, device in zip(
                *(punches[name] for name in ("employee_id", "time", "direction", "source", "device")), strict=True
            )
        ]
        if events:
            done = attendance.ingest(self._warehouse, events, zone=self._clock.zone, now=until)
            self._fed.punches += done.accepted

    def _send_crossings(self, day: date, until: datetime) -> None:
        events = occupancy_events(self._day(day), self._since, until)
        if events:
            self._fed.occupancy_events += occupancy.ingest(self._warehouse, events, now=until).accepted


def occupancy_events(day: DayPresence, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What the counters sent from ``since`` to before ``until``: crossings and heartbeats."""
    found: list[dict[str, Any]] = []
    for kind, frame in (("crossing", day.crossings), ("heartbeat", day.heartbeats)):
        part = frame.loc[(frame["observed_at"] >= since) & (frame["observed_at"] < until)]
        for row in part.to_dict("records"):
            at = row["observed_at"].to_pydatetime()
            found.append({**{str(name): value for name, value in row.items()}, "kind": kind, "observed_at": at})
    return found


def _without_last_night(punches: pd.DataFrame, presence: Presence, day: date) -> pd.DataFrame:
    """The history begins with the first shift of its first day: who leaves the night before came in no punch."""
    night = presence.day(day - _DAY).timesheet
    left = punches["employee_id"].map(dict(zip(night["employee_id"], night["left_at"], strict=True)))
    echo = timedelta(minutes=3)
    return punches.loc[~(punches["time"] <= left + echo)]
