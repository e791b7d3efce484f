"""A fortnight of punches and changes of rosters, told in any order: late, doubled, in batches, between computations."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from psycopg import sql

from factory_pipelines.attendance.ingest import report_source
from factory_pipelines.attendance.recompute import recompute_days, recompute_touched
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import NOW, event, hire, punch

TABLES = ("punches", "employee_attendance", "punch_ledger", "payroll_lines", "computed_days")
_INPUTS = ("shift_assignments", "employees", "shifts", "overtime_rules", "touched_days", "roster_changes", "sources")
_PEOPLE: dict[str, list[str | None]] = {"A": ["day"], "B": ["night"], "C": ["day", "day", None], "D": ["night", "day"]}
_CHANGES = (
    "INSERT INTO attendance.shift_assignments (employee_id, first_day, last_day, cycle) "
    "VALUES ('A', '2025-09-12', '2025-09-13', '{night}')",
    "UPDATE attendance.shift_assignments SET last_day = '2025-09-17' WHERE employee_id = 'B'",
    "UPDATE attendance.shifts SET grace_in_min = 20 WHERE shift_id = 'day'",
    "UPDATE attendance.overtime_rules SET definition = '{\"weekly_after_min\": 1800}'",
    "INSERT INTO attendance.employees (employee_id) VALUES ('new')",
)


def fortnight() -> list[dict[str, Any]]:
    """A fortnight of five people; punches are forgotten, echoed, or without a direction, and one person is unknown."""
    rng = random.Random(5)  # noqa: S311
    events = [event("new", "2025-09-10T08:00", "in")]
    for number, person in enumerate(("A", "B", "C", "D", "stranger")):
        for n in range(14):
            start = datetime(2025, 9, 8, 22 if number % 2 else 8) + timedelta(days=n)  # noqa: DTZ001
            length = 480 if number % 2 else 540
            for minutes, direction in ((rng.randrange(-20, 30), "in"), (length + rng.randrange(-20, 90), "out")):
                if rng.random() < 0.9:
                    at = start + timedelta(minutes=minutes)
                    events.append(event(person, at.isoformat(), None if rng.random() < 0.2 else direction))
                    if rng.random() < 0.1:
                        events.append(event(person, (at + timedelta(seconds=40)).isoformat(), direction))
    return events


def tell(warehouse: Warehouse, settings: Settings, seed: int) -> dict[str, str]:
    """Tells everything in the order of ``seed``, into emptied tables; gives the hash of each table that results.

    5 % of the punches come twice, 5 % after everything else. The roster's changes, a backfill and computations of what
    waits fall anywhere between them.
    """
    for name in (*TABLES, *_INPUTS):
        warehouse.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("attendance", name)))
    hire(warehouse, _PEOPLE, rule={})
    report_source(warehouse, "gate", NOW)
    rng = random.Random(seed)  # noqa: S311
    told = fortnight()
    told += rng.sample(told, len(told) // 20)
    rng.shuffle(told)
    late, told = told[: len(told) // 20], told[len(told) // 20 :]
    borders = [0, *sorted(rng.sample(range(1, len(told)), 4)), len(told)]
    steps: list[Callable[[], object]] = [
        *(lambda part=told[a:b]: punch(warehouse, part) for a, b in pairwise(borders)),
        *(lambda change=change: warehouse.execute(sql.SQL(change)) for change in _CHANGES),
        lambda: recompute_days(warehouse, settings, date(2025, 9, 10), date(2025, 9, 16), now=NOW),
    ]
    for step in [*rng.sample(steps, len(steps)), lambda: punch(warehouse, late)]:
        step()
        if rng.random() < 0.4:
            recompute_touched(warehouse, settings, now=NOW)
    recompute_touched(warehouse, settings, now=NOW)
    return {name: _hash(warehouse, name) for name in TABLES}


def _hash(warehouse: Warehouse, name: str) -> str:
    query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash FROM {} AS t")
    return str(warehouse.rows(query.format(sql.Identifier("attendance", name)))[0]["hash"])
