"""Hours, days and months of occupancy, computed in the warehouse: what is asked for, and what late events touch.

Every computation takes the queue of touched hours (days, months) with it, in one transaction: it is done as a whole or
not at all, and repeating it changes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

# So many hours at a time: a year that arrives at once is computed month after month, not in one statement.
_CHUNK_HOURS = 24 * 31
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ComputedHours:
    """What a computation of hours did.

    Attributes:
        hours: hours of areas computed.
        rows: rows written: each hour of each area, and of each of its doors and cameras.
        events: events within these hours.
    """

    hours: int
    rows: int
    events: int


def compute_hours(
    warehouse: Warehouse, clock: PlantClock, first: datetime | None, last: datetime | None, *, now: datetime
) -> ComputedHours:
    """Computes the hours of all areas between two instants, and every other hour that events have touched since.

    Args:
        warehouse: as the writer.
        clock: of the plant: its hours and its days.
        first: begin of the selected time; None: touched hours only.
        last: its end.
        now: the present; an hour that still runs is counted until now, and once more when it is over.
    """
    done = ComputedHours(0, 0, 0)
    with warehouse.transaction() as conn:
        _begin(conn, "occupancy.occupancy_hourly")
        conn.execute(load_sql("occupancy/stage_recompute"))
        conn.execute(load_sql("occupancy/take_touched"), {"now": now})
        conn.execute(load_sql("occupancy/stage_stretches"), {"first": first, "last": last})
        bounds = _row(conn, "occupancy/stretch_bounds")
        if bounds["first"] is None:
            return done
        hours = _hours(clock, bounds["first"], min(bounds["last"] + _INSTANT, now))
        while chunk := list(islice(hours, _CHUNK_HOURS)):
            part = _compute_chunk(conn, chunk, now)
            done = ComputedHours(done.hours + part.hours, done.rows + part.rows, done.events + part.events)
    return done


def compute_days(warehouse: Warehouse, days: Iterable[date]) -> int:
    """Adds up the hours of these production days, and of every other day whose hours have changed; returns rows."""
    with warehouse.transaction() as conn:
        _begin(conn, "occupancy.occupancy_daily")
        wanted = sorted({*days, *_taken(conn, "day")})
        return conn.execute(load_sql("occupancy/daily"), {"days": wanted}).rowcount


def compute_months(warehouse: Warehouse, months: Iterable[date]) -> int:
    """Adds up the days of these months (their first days), and of every other whose days have changed; returns rows."""
    with warehouse.transaction() as conn:
        _begin(conn, "occupancy.occupancy_monthly")
        wanted = sorted({*(month.replace(day=1) for month in months), *_taken(conn, "month")})
        return conn.execute(load_sql("occupancy/monthly"), {"months": wanted}).rowcount


def _begin(conn: Connection[Any], table: str) -> None:
    # A month of a plant sorts in memory; the default would spill to disk.
    conn.execute("SET LOCAL work_mem = '256MB'")
    # A server that can compile queries would, for ten seconds each, over what it guesses of tables made just now.
    conn.execute("SET LOCAL jit = off")
    # One at a time: a second one waits, and then finds the queue as the first has left it.
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table])


def _hours(clock: PlantClock, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime, date]]:
    for start, end in clock.hours(first, last):
        yield start, end, clock.production_day(start)


def _compute_chunk(
    conn: Connection[Any], hours: Iterable[tuple[datetime, datetime, date]], now: datetime
) -> ComputedHours:
    copy_rows(conn, sql.Identifier("grid"), ["hour_start", "hour_end", "production_day"], hours)
    conn.execute(load_sql("occupancy/stage_hours"), {"now": now})
    conn.execute(load_sql("occupancy/stage_members"))
    conn.execute(load_sql("occupancy/stage_heard"), _row(conn, "occupancy/heard_bounds"))
    # The planner knows nothing of tables this young, and would sort or loop for the worst.
    conn.execute("ANALYZE target_hours, members, holders, heard")
    conn.execute(load_sql("occupancy/stage_moves"))
    conn.execute(load_sql("occupancy/stage_figures"))
    conn.execute("ANALYZE moves, figures")
    conn.execute(load_sql("occupancy/hourly"))
    counted = _row(conn, "occupancy/mark_days")
    conn.execute(load_sql("occupancy/clear_stage"))
    return ComputedHours(counted["hours"], counted["rows"], counted["events"])


def _taken(conn: Connection[Any], level: str) -> set[date]:
    return {row[0] for row in conn.execute(load_sql("occupancy/take_days"), {"level": level}).fetchall()}


def _row(conn: Connection[Any], query: str) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(load_sql(query)).fetchone()
    assert row is not None  # noqa: S101 - each of these counts, and always gives a row
    return row
