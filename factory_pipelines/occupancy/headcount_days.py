"""A day of headcount in the warehouse: its course every ten minutes, the nightly correction, and what it has taught."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from factory_pipelines.occupancy.doors import Crossing
from factory_pipelines.occupancy.habits import HabitCounts
from factory_pipelines.occupancy.headcount import Correction, Estimate, Event, events_in_order
from factory_pipelines.occupancy.headcount_store import (
    read_anchors,
    read_headcount,
    read_plans,
    read_punches,
    read_source_events,
    terminal_name,
)
from factory_pipelines.occupancy.knowledge import Knowledge
from factory_pipelines.occupancy.learning import DoorDay, count_habits, drift_of, learn_rates, pair_punches
from factory_pipelines.occupancy.strangers import Difference, SlotMeans, Strangers
from factory_pipelines.occupancy.whereabouts import BEFORE_SHIFT
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql
from factory_pipelines.warehouse.slices import replacing_slice

STEP = timedelta(minutes=10)
LEARN_FROM = timedelta(days=60)
STRANGERS_DAYS = 28
HOMES_FROM = timedelta(days=14)
_DAY = timedelta(days=1)
_HEADCOUNTS = sql.Identifier("occupancy", "headcounts")
_COLUMNS = [
    "production_day", "area_id", "at", "status", "people", "people_sd", "door_people", "door_sd", "badge_people",
    "badge_sd", "with_badge", "drift_variance", "silent_sources",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayResult:
    """What was written: rows of the course, and corrections of doors that came back."""

    rows: int
    corrections: int


def write_headcounts(warehouse: Warehouse, settings: Settings, day: date, *, now: datetime) -> DayResult:
    """The course of a production day up to ``now``, replacing what was written of it; corrects doors that came back."""
    clock = settings.plant.clock()
    start, end = clock.window(day)
    last = min(end - STEP, now)
    with replacing_slice(warehouse, _HEADCOUNTS, day_column="production_day", first=day, last=day) as conn:
        headcount = read_headcount(conn, clock, start, until=end).headcount
        done = len(headcount.corrections)
        events = _events_of(conn, start, last)
        if not events and not headcount.longest_silence():
            return DayResult(0, 0)  # before anything was counted here
        course: list[Estimate] = []
        at, place = start, 0
        while at <= last:
            while place < len(events) and events[place].at <= at:
                headcount.take(events[place])
                place += 1
            course += headcount.estimates(at).values()
            at += STEP
        copy_rows(conn, _HEADCOUNTS, _COLUMNS, (_row(day, one) for one in course))
        written = _write_corrections(conn, headcount.corrections[done:], now=now)
    return DayResult(len(course), written)


def correct_drift(warehouse: Warehouse, settings: Settings, day: date, *, now: datetime) -> list[Correction]:
    """The nightly correction of a production day, once for each area; what was corrected before is left as it is.

    Returns:
        The corrections that are new; none before the hour has come.
    """
    clock = settings.plant.clock()
    at = correction_time(settings, day)
    if at > now:
        return []
    with warehouse.transaction() as conn:
        made = {row["area_id"] for row in _rows(conn, "occupancy/corrected_areas", {"at": at})}
        headcount = read_headcount(conn, clock, at, until=at).headcount
        done = len(headcount.corrections)
        for area_id in sorted(set(headcount.areas) - made):
            headcount.reconcile(area_id, at)
        found = headcount.corrections[done:]
        _write_corrections(conn, found, now=now)
    return found


def correction_time(settings: Settings, day: date) -> datetime:
    """The hour of the nightly correction within a production day."""
    clock = settings.plant.clock()
    start, end = clock.window(day)
    for date_of_it in (day, day + _DAY):
        at = datetime.combine(date_of_it, settings.occupancy.correction_time, clock.zone).astimezone(start.tzinfo)
        if start <= at < end:
            return at
    raise ValueError(f"{settings.occupancy.correction_time} does not come in the production day {day}")


def learn_from(warehouse: Warehouse, settings: Settings, day: date) -> Knowledge:
    """What a day that is over showed, and what is known with it; repeating it changes nothing."""
    clock = settings.plant.clock()
    with warehouse.transaction() as conn:
        observed = _observe(conn, clock, day)
        conn.execute(load_sql("occupancy/observe_day"), {"day": day, "observed": Jsonb(observed)})
        knowledge = _knowledge(conn, clock, day)
        conn.execute(load_sql("occupancy/learn_day"), {"day": day, "knowledge": Jsonb(knowledge.as_json())})
    return knowledge


def _events_of(conn: Connection[Any], since: datetime, until: datetime) -> list[Event]:
    """Everything after ``since``, corrections included, in order."""
    return events_in_order(
        [
            *read_source_events(conn, since, until),
            *read_punches(conn, since, until),
            *read_anchors(conn, "occupancy/corrections_between", since, until),
        ]
    )


def _row(day: date, one: Estimate) -> tuple[Any, ...]:
    doors, badges = one.doors or (None, None), one.badges or (None, None)
    return (
        *(day, one.area_id, one.at, one.status.value, one.people, one.sd),
        *(*doors, *badges, one.with_badge, one.drift_variance, list(one.silent)),
    )


def _write_corrections(conn: Connection[Any], corrections: Iterable[Correction], *, now: datetime) -> int:
    written = 0
    for one in corrections:
        params = {
            "area_id": one.area_id,
            "at": one.at,
            "before": None if one.before is None else one.before.people,
            "after": round(one.after.people),
            "reason": one.reason.value,
            "evidence": Jsonb(dict(one.evidence)),
            "now": now,
        }
        written += conn.execute(load_sql("occupancy/add_correction"), params).rowcount
    return written


def _observe(conn: Connection[Any], clock: PlantClock, day: date) -> dict[str, Any]:
    """What doors missed and who had no badge, by the day; habits by the shifts of the day before, all over by now."""
    start, end = clock.window(day)
    before = clock.window(day - _DAY)[0]
    punches = read_punches(conn, before - BEFORE_SHIFT, end)
    crossings = [event for event in read_source_events(conn, start, end) if isinstance(event, Crossing)]
    door_of = {
        terminal_name(row["source"], row["device"]): row["door_id"]
        for row in _rows(conn, "occupancy/terminal_doors", {})
    }
    pairs = pair_punches(crossings, [punch for punch in punches if punch.at > start], door_of)
    plans = [plan for plan in read_plans(conn, clock, before, start) if before <= plan.start < start]
    differences = [
        Difference(row["area_id"], row["at"], row["people"], row["variance"])
        for row in _rows(conn, "occupancy/settled_differences", {"since": start, "until": end})
    ]
    return {
        "strangers": Strangers(clock).summarise(differences),
        "pairs": [[one.door_id, one.way, one.punches, one.paired] for one in pairs],
        "habits": asdict(count_habits(punches, plans)) if punches else None,
    }


def _knowledge(conn: Connection[Any], clock: PlantClock, day: date) -> Knowledge:
    """Everything the days up to this one have taught."""
    observed = [row["observed"] for row in _rows(conn, "occupancy/observed_days", _span(day - LEARN_FROM, day))]
    pairs = [DoorDay(*pair) for one in observed for pair in one["pairs"]]
    counts = HabitCounts()
    for one in observed:
        if one["habits"] is not None:
            counts += HabitCounts.from_json(one["habits"])
    end = clock.window(day)[1]
    corrections = _rows(
        conn, "occupancy/corrections_between", {"since": clock.window(day - LEARN_FROM)[0], "until": end}
    )
    drifts = [drift for row in corrections if (drift := drift_of(row["area_id"], row["reason"], row["evidence"]))]
    strangers = Strangers(clock)
    for one in observed[-STRANGERS_DAYS:]:
        strangers.learn_day(SlotMeans(*means) for means in one["strangers"])
    homes = _rows(conn, "occupancy/newest_areas", {"since": end - HOMES_FROM, "until": end})
    return Knowledge(
        strangers=strangers,
        rates=learn_rates(pairs, drifts),
        habits=counts.habits(),
        homes={row["employee_id"]: row["area_id"] for row in homes},
    )


def _span(first: date, last: date) -> dict[str, date]:
    return {"first": first, "last": last}


def _rows(conn: Connection[Any], query: str, params: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(load_sql(query), params).fetchall()
