"""Recomputing attendance: only the days that something touched, in one transaction, whatever came in which order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from factory_pipelines.attendance.changes import note_computed, people_of_days, reported_until, take_waiting
from factory_pipelines.attendance.days import (
    ATTENDANCE_COLUMNS,
    LEDGER_COLUMNS,
    REACH,
    Policies,
    Stretch,
    compute,
    days_of,
    joined,
    punch_of,
)
from factory_pipelines.attendance.payroll_store import rebuild_payroll
from factory_pipelines.attendance.rosters import Roster, roster_from
from factory_pipelines.plant.attendance import AttendancePolicy
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.punches import Direction, Punch, PunchPolicy
from factory_pipelines.plant.shifts import ShiftCalendar
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('attendance.employee_attendance', 0))"
_STRETCH = ["employee_id", "first_day", "last_day", "punched_from", "punched_to"]
_ROSTER = {
    "shifts": "attendance/roster_shifts",
    "assignments": "attendance/roster_assignments",
    "employees": "attendance/roster_employees",
    "rules": "attendance/roster_rules",
}
_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT, None: None}


@dataclass(frozen=True, slots=True)
class RecomputeResult:
    """What was written: shift instances, punches accounted for, payroll lines and adjustments, days of people."""

    instances: int
    punches: int
    lines: int
    adjustments: int
    days: int


def policies_of(settings: Settings) -> Policies:
    """The settings as the engine's policies."""
    chosen = settings.attendance
    return Policies(
        PunchPolicy(echo=timedelta(minutes=chosen.echo_min), handover=timedelta(minutes=chosen.handover_min)),
        AttendancePolicy(grace_counts_as_late=chosen.grace_counts_as_late, min_rest=timedelta(hours=chosen.min_rest_h)),
    )


def recompute_days(
    warehouse: Warehouse, settings: Settings, first: date, last: date, *, now: datetime
) -> RecomputeResult:
    """Computes the production days ``first`` to ``last`` of everybody, and whatever else waits for it."""
    clock = settings.plant.clock()
    with warehouse.transaction() as conn:
        conn.execute(_LOCK)
        waiting = take_waiting(conn, clock)
        everybody = [Stretch(person, first, last) for person in people_of_days(conn, clock, first, last)]
        note_computed(conn, clock, waiting, list(days_of(Stretch("", first, last))))
        return _recompute(conn, settings, clock, joined([*everybody, *waiting]), now)


def recompute_touched(warehouse: Warehouse, settings: Settings, *, now: datetime) -> RecomputeResult:
    """Computes the days that punches, rosters or the calendar touched, and those whose sources have reported by now."""
    clock = settings.plant.clock()
    with warehouse.transaction() as conn:
        conn.execute(_LOCK)
        waiting = take_waiting(conn, clock)
        note_computed(conn, clock, waiting)
        return _recompute(conn, settings, clock, joined(waiting), now)


def load_roster(
    conn: Connection[Any], clock: PlantClock, people: Sequence[str] | None, first: date, last: date
) -> Roster:
    """The roster of these people (None: everybody) between two days.

    Raises:
        ShiftError: when a shift or an assignment cannot be worked.
        ValueError: when an overtime rule cannot be read.
    """
    params = {"employees": list(people) if people is not None else None, "first": first, "last": last}
    rows = {}
    with conn.cursor(row_factory=dict_row) as cursor:
        for name, query in _ROSTER.items():
            rows[name] = cursor.execute(load_sql(query), params).fetchall()
    return roster_from(ShiftCalendar(clock), **rows)


def load_punches(
    conn: Connection[Any], clock: PlantClock, stretches: Sequence[Stretch]
) -> dict[tuple[str, date], list[Punch]]:
    """Punches by person and first day of their stretch; leaves the stretches staged for the transaction."""
    conn.execute(load_sql("attendance/stage_stretches"))
    reach = REACH + timedelta(days=1)
    rows = (
        (s.employee_id, s.first, s.last, clock.window(s.first - reach)[0], clock.window(s.last + reach)[1])
        for s in stretches
    )
    copy_rows(conn, sql.Identifier("stretches"), _STRETCH, rows)
    conn.execute("ANALYZE stretches")
    found: dict[tuple[str, date], list[Punch]] = defaultdict(list)
    with conn.cursor(binary=True) as cursor:
        rows_found = cursor.execute(load_sql("attendance/punches_of_stretches")).fetchall()
        for first, employee, at, direction, source, device in rows_found:
            found[employee, first].append(punch_of(at, _DIRECTIONS[direction], source, device))
    return found


def _recompute(
    conn: Connection[Any], settings: Settings, clock: PlantClock, stretches: Sequence[Stretch], now: datetime
) -> RecomputeResult:
    if not stretches:
        return RecomputeResult(0, 0, 0, 0, 0)
    until = reported_until(conn)
    people = sorted({s.employee_id for s in stretches})
    margin = REACH + timedelta(days=1)
    roster = load_roster(
        conn, clock, people, min(s.first for s in stretches) - margin, max(s.last for s in stretches) + margin
    )
    punches = load_punches(conn, clock, stretches)
    attendance: list[tuple[Any, ...]] = []
    policies = policies_of(settings)

    def entries() -> Iterator[tuple[Any, ...]]:
        """Rows of the ledger, shift instances on the side: the server stores while the next person is computed."""
        for stretch in stretches:
            mine = punches.get((stretch.employee_id, stretch.first), [])
            instances, ledger = compute(stretch, roster, mine, reported_until=until, policies=policies)
            attendance.extend(instances)
            yield from ledger

    conn.execute(load_sql("attendance/clear_attendance"))
    conn.execute(load_sql("attendance/clear_ledger"))
    placed = _write(conn, "punch_ledger", LEDGER_COLUMNS, entries())
    _write(conn, "employee_attendance", ATTENDANCE_COLUMNS, attendance)
    lines, adjustments = rebuild_payroll(conn, roster, stretches, now=now)
    days = sum((s.last - s.first).days + 1 for s in stretches)
    return RecomputeResult(len(attendance), placed, lines, adjustments, days)


def _write(conn: Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    return copy_rows(conn, sql.Identifier("attendance", table), columns, rows)
