"""After a change of rosters, patterns, rules or calendar: the days touched, no others; in any order the same tables."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from factory_pipelines.attendance.ingest import report_source
from factory_pipelines.attendance.recompute import RecomputeResult, recompute_days, recompute_touched
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import MONDAY, NOW, event, hire, punch, table
from factory_pipelines_tests.integration.attendance.replays import tell

TABLES = ("employee_attendance", "punch_ledger", "payroll_lines")
FIRST, LAST = MONDAY, date(2025, 9, 21)


def state(warehouse: Warehouse) -> dict[str, Any]:
    return {name: table(warehouse, name) for name in TABLES}


def fortnight() -> list[dict[str, Any]]:
    """A fortnight of two by day and two by night; some punches are forgotten."""
    rng = random.Random(11)  # noqa: S311
    events = []
    for number, person in enumerate(("A", "B", "C", "D")):
        for n in range(14):
            start = datetime(2025, 9, 8, 22 if number % 2 else 8) + timedelta(days=n)  # noqa: DTZ001
            for minutes, direction in ((rng.randrange(-20, 30), "in"), (500 + rng.randrange(-20, 90), "out")):
                if rng.random() < 0.9:
                    events.append(event(person, (start + timedelta(minutes=minutes)).isoformat(), direction))
    return events


@pytest.fixture
def worked(warehouse: Warehouse, settings: Settings) -> Warehouse:
    """A fortnight that has been computed for everybody."""
    hire(warehouse, {"A": ["day"], "B": ["night"], "C": ["day", "day", None], "D": ["night"]}, rule={})
    report_source(warehouse, "gate", NOW)
    punch(warehouse, fortnight())
    recompute_days(warehouse, settings, FIRST, LAST, now=NOW)
    assert recompute_touched(warehouse, settings, now=NOW).days == 0
    return warehouse


def change(warehouse: Warehouse, statement: str) -> None:
    assert warehouse.execute(sql.SQL(statement)) > 0


def touched(warehouse: Warehouse) -> RecomputeResult:
    """Computes what waits, and holds it against a backfill of everything."""
    done = recompute_touched(warehouse, load_settings(), now=NOW)
    found = state(warehouse)
    recompute_days(warehouse, load_settings(), FIRST, LAST, now=NOW)
    assert state(warehouse) == found
    return done


@pytest.mark.parametrize(
    ("statement", "days"),
    [
        # A was computed to the 23rd: from Thursday the 18th on, and two days before whose punches may move
        ("UPDATE attendance.shift_assignments SET last_day = '2025-09-17' WHERE employee_id = 'A'", 8),
        (
            "INSERT INTO attendance.shift_assignments (employee_id, first_day, last_day, cycle) "
            "VALUES ('A', '2025-09-12', '2025-09-13', '{night}')",
            6,
        ),
        # all of B, from two days before the first night to two days after the last
        ("DELETE FROM attendance.shift_assignments WHERE employee_id = 'B'", 19),
        ("UPDATE attendance.shift_assignments SET cycle = '{day,NULL}' WHERE employee_id = 'B'", 19),
        # all of A; and of C, whose days off lie within reach of the others
        ("UPDATE attendance.shifts SET grace_in_min = 45 WHERE shift_id = 'day'", 36),
        ("UPDATE attendance.shifts SET segments = '[[\"21:00\", \"05:00\"]]' WHERE shift_id = 'night'", 38),
        ("UPDATE attendance.shifts SET shift_name = 'Early' WHERE shift_id = 'day'", 0),
        ("UPDATE attendance.overtime_rules SET definition = '{\"weekly_after_min\": 1800}'", 74),
        ("UPDATE attendance.employees SET overtime_rule = NULL WHERE employee_id = 'D'", 19),
        ("UPDATE attendance.employees SET employee_name = 'Dee' WHERE employee_id = 'D'", 0),
        ("INSERT INTO attendance.employees (employee_id) VALUES ('new')", 14),
    ],
)
def test_a_change_recomputes_what_it_touches_and_agrees_with_a_backfill(
    worked: Warehouse, statement: str, days: int
) -> None:
    change(worked, statement)
    assert touched(worked).days == days
    assert recompute_touched(worked, load_settings(), now=NOW).days == 0


def test_a_shift_worked_once_a_month_costs_its_own_days(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"] * 9 + ["night"], "B": ["day"]})
    report_source(warehouse, "gate", NOW)
    recompute_days(warehouse, settings, FIRST, LAST, now=NOW)
    change(warehouse, "UPDATE attendance.shifts SET grace_in_min = 9 WHERE shift_id = 'night'")
    # A works it on the 10th and the 20th: two days around each, as far as they were computed.
    assert touched(warehouse).days == 5 + 4


def test_a_holiday_declared_later_touches_that_day_of_everybody(
    worked: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(worked)
    monkeypatch.setenv("FACTORY_PLANT__HOLIDAYS", "2025-09-16")
    assert touched(worked).days == 4
    tuesday = [r for r in table(worked, "employee_attendance") if r["production_day"] == date(2025, 9, 16)]
    assert {(r["day_type"], r["is_expected"]) for r in tuesday} == {("holiday", False)}
    assert {r["multiplier"] for r in table(worked, "payroll_lines") if r["category"] == "holiday"} == {3}
    monkeypatch.delenv("FACTORY_PLANT__HOLIDAYS")
    assert touched(worked).days == 4
    assert state(worked) == before


def test_the_same_events_in_any_order_give_the_same_tables(warehouse: Warehouse, settings: Settings) -> None:
    """Rosters before the punches, between them, or after all of them; `python -m benchmarks replay` tries 1,000."""
    wanted = tell(warehouse, settings, 0)
    assert len(set(wanted.values())) == len(wanted)
    for seed in range(1, 6):
        assert tell(warehouse, settings, seed) == wanted
