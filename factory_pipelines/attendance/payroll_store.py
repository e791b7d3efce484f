"""Payroll in the warehouse: lines of open days, adjustments of frozen ones, periods."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from factory_pipelines.attendance.days import Stretch
from factory_pipelines.attendance.payroll import lines_of_week, people_of_period, week_of
from factory_pipelines.attendance.rosters import Roster
from factory_pipelines.plant.overtime import OvertimeRule
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_LINE = ["production_day", "employee_id", "shift_start", "shift_id", "category", "multiplier", "seconds"]
_DEFAULT = OvertimeRule()


class PeriodError(ValueError):
    """A period that cannot be frozen; the message says why and what to do."""


def rebuild_payroll(
    conn: Connection[Any], roster: Roster, stretches: Sequence[Stretch], *, now: datetime
) -> tuple[int, int]:
    """Pays the weeks that the stretches touch, in the caller's transaction; returns lines and adjustments written.

    Days of a frozen period keep their lines; the difference is booked on the first day that is not frozen.
    """
    weeks = set()
    for stretch in stretches:
        rule = roster.rules.get(stretch.employee_id, _DEFAULT)
        day = week_of(stretch.first, rule)[0]
        while day <= stretch.last:
            weeks.add((stretch.employee_id, day, day + timedelta(days=6)))
            day += timedelta(days=7)
    conn.execute(load_sql("attendance/stage_weeks"))
    copy_rows(conn, sql.Identifier("staged_weeks"), ["employee_id", "first_day", "last_day"], sorted(weeks))
    conn.execute("ANALYZE staged_weeks")
    conn.execute(load_sql("attendance/stage_lines"))
    copy_rows(conn, sql.Identifier("staged_lines"), _LINE, _lines(conn, roster))
    conn.execute("ANALYZE staged_lines")
    conn.execute(load_sql("attendance/clear_lines"))
    written = conn.execute(load_sql("attendance/write_lines")).rowcount
    adjusted = conn.execute(load_sql("attendance/adjust_lines"), {"now": now}).rowcount
    return written, adjusted


def _lines(conn: Connection[Any], roster: Roster) -> list[tuple[Any, ...]]:
    weeks: dict[tuple[str, date], list[dict[str, Any]]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row, binary=True) as cursor:
        for row in cursor.execute(load_sql("attendance/weeks")):
            weeks[row["employee_id"], row["week"]].append(row)
    return [
        line
        for (employee, _), week in weeks.items()
        for line in lines_of_week(week, roster.rules.get(employee, _DEFAULT))
    ]


def freeze_period(warehouse: Warehouse, first: date, last: date, *, by: str, now: datetime) -> None:
    """Freezes the payroll of ``first`` to ``last``.

    Raises:
        PeriodError: when the days are frozen already, the period is upside down, or a shift in it is not judged yet.
    """
    if last < first:
        raise PeriodError(f"the period ends ({last}) before it begins ({first})")
    params = {"first": first, "last": last, "now": now, "by": by}
    with warehouse.transaction() as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('attendance.employee_attendance', 0))")
        for other_first, other_last, who in conn.execute(load_sql("attendance/overlapping_periods"), params):
            raise PeriodError(f"{other_first} to {other_last} is frozen already, by {who}")
        row = conn.execute(load_sql("attendance/pending_of_period"), params).fetchone()
        if row and row[0]:
            raise PeriodError(
                f"{row[0]} shifts are still PENDING: a source has not reported that far; see `attendance.sources`"
            )
        conn.execute(load_sql("attendance/freeze_period"), params)


def period_lines(warehouse: Warehouse, first: date, last: date) -> list[dict[str, Any]]:
    """The lines that are paid in a period, adjustments of earlier ones included."""
    return warehouse.rows("attendance/period_lines", {"first": first, "last": last})


def period_people(warehouse: Warehouse, first: date, last: date) -> list[dict[str, Any]]:
    """One row a person of a period."""
    names = {row["employee_id"]: row["employee_name"] for row in warehouse.rows("attendance/employee_names")}
    return people_of_period(period_lines(warehouse, first, last), names)
