"""A headcount out of the warehouse: areas, what is known, the newest corrections, and the events since.

Nothing is kept between two calls, so a late event needs no repair: the next call has it in its place.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from factory_pipelines.occupancy.cameras import CameraCount
from factory_pipelines.occupancy.doors import Count, Crossing
from factory_pipelines.occupancy.headcount import Anchored, Area, Event, Headcount, events_in_order
from factory_pipelines.occupancy.knowledge import Knowledge
from factory_pipelines.occupancy.whereabouts import BadgePunch, People, Plan
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.punches import Direction
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

PUNCHES_FOR = timedelta(hours=36)
ANCHORS_FOR = timedelta(days=14)
"""A correction older than this says nothing any more: the doors' area is unknown until the next one."""
_MANUAL_SD = 0.5
_DAY = timedelta(days=1)
_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT, None: None}


@dataclass(frozen=True, slots=True)
class AreaInfo:
    """What people call an area, and how many it may hold; ``capacity`` None: nobody has said."""

    area_id: str
    area_name: str
    capacity: int | None
    parent_area_id: str | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A headcount as it stood at ``at``, and what its areas are."""

    at: datetime
    headcount: Headcount
    areas: Mapping[str, AreaInfo]


def load_headcount(warehouse: Warehouse, clock: PlantClock, at: datetime) -> Loaded:
    """Everything known of ``at``, folded into a headcount that answers for it."""
    with warehouse.transaction() as conn:
        return read_headcount(conn, clock, at, until=at)


def read_headcount(conn: Connection[Any], clock: PlantClock, at: datetime, *, until: datetime) -> Loaded:
    """As ``load_headcount``, in the caller's transaction.

    Args:
        conn: where.
        clock: the plant's days.
        at: the headcount is that of this moment: corrections and events up to it are in.
        until: shifts are known up to this moment, for who lets time go on.
    """
    loaded, punches = _without_events(conn, clock, at, until)
    anchors = read_anchors(conn, "occupancy/headcount_anchors", at - ANCHORS_FOR, at)
    since = min((anchor.at for anchor in anchors), default=at)
    spoken = read_source_events(conn, since - loaded.headcount.longest_silence(), at)
    for event in events_in_order([*spoken, *punches, *anchors]):
        loaded.headcount.take(event)
    return loaded


def read_anchors(conn: Connection[Any], query: str, since: datetime, until: datetime) -> list[Anchored]:
    """Corrections after ``since``, up to ``until``, by one of the queries that choose them."""
    return [
        Anchored(row["corrected_at"], row["area_id"], _count_of(row))
        for row in _rows(conn, query, {"since": since, "until": until})
    ]


def _count_of(correction: Mapping[str, Any]) -> Count:
    """What a correction set: by its evidence to the fraction, or (made by hand) the people somebody counted."""
    after = correction["after"]
    if after is None:
        return Count(float(correction["people_after"]), _MANUAL_SD)
    return Count(after["people"], after["sd"])


def _without_events(
    conn: Connection[Any], clock: PlantClock, at: datetime, until: datetime
) -> tuple[Loaded, list[BadgePunch]]:
    """A headcount that only the punches are missing from, and these."""
    rows = _rows(conn, "occupancy/headcount_areas", {"at": until})
    with_badges = {row["area_id"] for row in _rows(conn, "occupancy/terminals_known", None)}
    stored = _rows(conn, "occupancy/headcount_knowledge", {"day": clock.production_day(at)})
    knowledge = Knowledge.from_json(stored[0]["knowledge"] if stored else None, clock)
    since = at - PUNCHES_FOR
    people = People(read_plans(conn, clock, since, until), knowledge.habits, knowledge.homes, known_since=since)
    headcount = Headcount(_areas(rows, with_badges), people, knowledge.rates, knowledge.strangers)
    areas = {
        row["area_id"]: AreaInfo(row["area_id"], row["area_name"], row["capacity"], row["parent_area_id"])
        for row in rows
    }
    return Loaded(at, headcount, areas), read_punches(conn, since, at)


def _areas(rows: Iterable[Mapping[str, Any]], with_badges: set[str]) -> list[Area]:
    sources: dict[str, dict[str, dict[str, timedelta]]] = defaultdict(lambda: {"door": {}, "camera": {}})
    for row in rows:
        of_area = sources[row["area_id"]]
        if row["source_id"] is not None:
            of_area[row["kind"]][row["source_id"]] = timedelta(seconds=row["max_silence_s"])
    return [
        Area(area_id, of_area["door"], of_area["camera"], has_badges=area_id in with_badges)
        for area_id, of_area in sources.items()
    ]


def read_source_events(conn: Connection[Any], since: datetime, until: datetime) -> list[Event]:
    """What doors and cameras said after ``since``, up to ``until``."""
    found: list[Event] = []
    for row in _rows(conn, "occupancy/headcount_events", {"since": since, "until": until}):
        at, source, people, key = row["observed_at"], row["source_id"], row["people"], row["event_id"]
        if row["is_door"]:
            is_crossing = row["kind"] == "crossing"
            way = row["direction"] if is_crossing else None
            found.append(Crossing(at, source, way, people if is_crossing else 0, key, row["alive_until"]))
        else:
            found.append(CameraCount(at, source, people if row["kind"] == "count" else None, key, row["alive_until"]))
    return found


def read_punches(conn: Connection[Any], since: datetime, until: datetime) -> list[BadgePunch]:
    """Punches after ``since``, up to ``until``, with the area their terminal leads into."""
    return [
        BadgePunch(
            row["punched_at"],
            row["employee_id"],
            _DIRECTIONS[row["direction"]],
            row["area_id"],
            terminal_name(row["source"], row["device"]),
        )
        for row in _rows(conn, "occupancy/headcount_punches", {"since": since, "until": until})
    ]


def terminal_name(source: str, device: str) -> str:
    """A terminal as ``BadgePunch`` names it; neither part holds a slash where the other could begin."""
    return f"{source}/{device}"


def read_plans(conn: Connection[Any], clock: PlantClock, since: datetime, until: datetime) -> list[Plan]:
    """Shifts that matter between two moments."""
    params = {
        "first": clock.production_day(since),
        "last": clock.production_day(until) + _DAY,
        "zone": clock.zone.key,
        "day_start": clock.day_start,
        "rest_weekdays": sorted(clock.rest_weekdays),
        "holidays": sorted(clock.holidays),
    }
    return [
        Plan(row["employee_id"], row["starts_at"], row["ends_at"], row["is_expected"])
        for row in _rows(conn, "occupancy/headcount_plans", params)
    ]


def _rows(conn: Connection[Any], query: str, params: Mapping[str, Any] | None) -> Sequence[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(load_sql(query), params).fetchall()
