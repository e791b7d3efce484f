"""The simulated plant's people, doors and terminals in a warehouse: registered, and their events when they arrive."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import pandas as pd
from psycopg import sql

from factory_pipelines.attendance.ingest import ingest as ingest_punches
from factory_pipelines.demo import site
from factory_pipelines.demo.counters import HEARTBEAT_S
from factory_pipelines.demo.presence import DayPresence, Presence
from factory_pipelines.occupancy.ingest import ingest as ingest_events
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.occupancy.terminals import register_terminal
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse


def furnish(warehouse: Warehouse, presence: Presence, first: date, last: date) -> None:
    """Areas, doors and terminals, and everybody who is due between two days."""
    roster = presence.roster(first, last)
    start = presence.clock.window(first)[0]
    for area in site.AREAS:
        capacity = site.capacity_of(area, presence.scale)
        register_area(warehouse, area.area_id, area_name=area.area_name, capacity=capacity, start_people=None)
    for door in site.DOORS:
        area_id = site.AREA_IDS[door.area]
        silence_s = 2 * HEARTBEAT_S + 60
        register_source(warehouse, door.door_id, area_id=area_id, kind="door", max_silence_s=silence_s, now=start)
        register_terminal(warehouse, door.source, door.device, area_id=area_id, door_id=door.door_id)
    people = roster.employees[["employee_id", "employee_name"]].itertuples(index=False)
    shifts = []
    for pattern in roster.shifts:
        segments = [[f"{begin:%H:%M}", f"{end:%H:%M}"] for begin, end in asdict(pattern)["segments"]]
        shifts.append((pattern.shift_id, pattern.shift_id, segments, []))
    assigned = [
        (row.employee_id, row.first_day, None if pd.isna(row.last_day) else row.last_day, row.cycle, row.is_expected)
        for row in roster.shift_assignments.itertuples()
    ]
    with warehouse.transaction() as conn:
        copy_rows(conn, sql.Identifier("attendance", "employees"), ["employee_id", "employee_name"], people)
        columns = ["shift_id", "shift_name", "segments", "breaks"]
        copy_rows(conn, sql.Identifier("attendance", "shifts"), columns, shifts)
        columns = ["employee_id", "first_day", "last_day", "cycle", "is_expected"]
        copy_rows(conn, sql.Identifier("attendance", "shift_assignments"), columns, assigned)


class Delivery:
    """The events of one production day after another, handed to the warehouse when they would arrive.

    Crossings and signs of life arrive at once, punches when their terminal delivers them.
    """

    def __init__(self, warehouse: Warehouse, presence: Presence) -> None:
        self._warehouse, self._presence = warehouse, presence
        self._waiting: list[tuple[datetime, str, dict[str, Any]]] = []

    def open_day(self, day: DayPresence) -> None:
        """What happens on the next day."""
        for kind, frame in (("crossing", day.crossings), ("heartbeat", day.heartbeats)):
            for row in frame.to_dict("records"):
                at = row["observed_at"].to_pydatetime()
                event = {**{str(name): value for name, value in row.items()}, "observed_at": at, "kind": kind}
                self._waiting.append((at, "occupancy", event))
        for row in day.punches.to_dict("records"):
            event = {name: row[name] for name in ("employee_id", "direction", "source", "device")}
            event["time"] = row["time"].isoformat()
            self._waiting.append((row["sent_at"].to_pydatetime(), "attendance", event))
        self._waiting.sort(key=lambda one: one[0])

    def until(self, at: datetime) -> None:
        """Hands over what has arrived by ``at``."""
        place = 0
        while place < len(self._waiting) and self._waiting[place][0] <= at:
            place += 1
        come, self._waiting = self._waiting[:place], self._waiting[place:]
        seen = [event for _, kind, event in come if kind == "occupancy"]
        punched = [event for _, kind, event in come if kind == "attendance"]
        zone = self._presence.clock.zone
        if seen:
            ingest_events(self._warehouse, seen, now=at)
        if punched:
            ingest_punches(self._warehouse, punched, zone=zone, now=at)
