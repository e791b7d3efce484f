"""A staffed hall for the tests of headcount: ten people on the day shift, a door, a terminal beside it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from factory_pipelines.attendance.ingest import ingest as ingest_punches
from factory_pipelines.occupancy.ingest import ingest
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.occupancy.terminals import register_terminal
from factory_pipelines.warehouse.pool import Warehouse

KOLKATA = ZoneInfo("Asia/Kolkata")
MONDAY = date(2026, 3, 2)
CREW = [f"E{n}" for n in range(10)]


def plant_time(hour: int, minute: int = 0, second: int = 0, *, day: int = 2) -> datetime:
    """A moment of March 2026 on the plant's clock; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=KOLKATA).astimezone(UTC)


NINE = plant_time(9)


def staff(warehouse: Warehouse, *, capacity: int | None = 12) -> None:
    """The hall with its door and terminal, a yard with a camera, and the crew with its roster."""
    register_area(warehouse, "hall", area_name="Hall 1", capacity=capacity)
    register_area(warehouse, "yard", area_name="Yard")
    for name, kind, area in (("door", "door", "hall"), ("cam", "camera", "yard")):
        register_source(warehouse, name, area_id=area, kind=kind, max_silence_s=1200, now=NINE)
    register_terminal(warehouse, "gate", "T1", area_id="hall", door_id="door")
    with warehouse.transaction() as conn:
        conn.execute(
            "INSERT INTO attendance.shifts (shift_id, shift_name, segments) VALUES "
            """('day', 'Day', '[["08:00", "17:00"]]'), ('night', 'Night', '[["22:00", "02:00"], ["03:00", "06:00"]]')"""
        )
        for person in CREW:
            conn.execute(
                "INSERT INTO attendance.employees (employee_id, employee_name) VALUES (%s, %s)",
                [person, f"Person {person}"],
            )
            conn.execute(
                "INSERT INTO attendance.shift_assignments (employee_id, first_day, cycle) VALUES (%s, %s, %s)",
                [person, date(2026, 1, 1), ["day"]],
            )


def punches(warehouse: Warehouse, people: list[str], at: datetime, direction: str | None = "in") -> None:
    """Everybody punches at the terminal, ten seconds apart."""
    events = [
        {
            "employee_id": person,
            "time": (at + n * timedelta(seconds=10)).isoformat(),
            "direction": direction,
            "source": "gate",
            "device": "T1",
        }
        for n, person in enumerate(people)
    ]
    ingest_punches(warehouse, events, zone=KOLKATA, now=at + timedelta(hours=1))


def crossings(warehouse: Warehouse, count: int, at: datetime, direction: str = "in") -> None:
    """So many people pass the door, ten seconds apart."""
    events: list[dict[str, Any]] = [
        {
            "source_id": "door",
            "observed_at": at + n * timedelta(seconds=10),
            "event_id": f"{direction}{at:%H%M}{n}",
            "kind": "crossing",
            "direction": direction,
            "people": 1,
        }
        for n in range(count)
    ]
    ingest(warehouse, events, now=at + timedelta(hours=1))


def alive(warehouse: Warehouse, since: datetime, until: datetime, sources: tuple[str, ...] = ("door", "cam")) -> None:
    """Door and camera say that they live, every ten minutes; the camera sees three people."""
    events: list[dict[str, Any]] = []
    at = since
    while at <= until:
        for source in sources:
            event = {"source_id": source, "observed_at": at, "event_id": f"b{at:%d%H%M}"}
            is_camera = source == "cam"
            events.append({**event, "kind": "count", "people": 3} if is_camera else {**event, "kind": "heartbeat"})
        at += timedelta(minutes=10)
    ingest(warehouse, events, now=until)


def morning(warehouse: Warehouse, *, until: datetime = NINE) -> None:
    """Nine of ten punch in, nine and two visitors are seen at the door; all is alive since half past two."""
    alive(warehouse, plant_time(2, 30), until)
    punches(warehouse, CREW[:9], plant_time(7, 50))
    crossings(warehouse, 9, plant_time(7, 50, 5))
    crossings(warehouse, 2, plant_time(8, 30))
