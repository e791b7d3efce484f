"""From events to payroll in the warehouse: once, again, late, doubled and shuffled."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from factory_pipelines.attendance.ingest import report_source
from factory_pipelines.attendance.payroll_store import PeriodError, freeze_period, period_people
from factory_pipelines.attendance.recompute import recompute_days, recompute_touched
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import KOLKATA, MONDAY, NOW, event, hire, punch, table

TABLES = ("employee_attendance", "punch_ledger", "payroll_lines")


def day_of(warehouse: Warehouse, person: str, day: date) -> dict[str, Any]:
    rows = [
        r for r in table(warehouse, "employee_attendance") if (r["employee_id"], r["production_day"]) == (person, day)
    ]
    assert len(rows) == 1, rows
    return rows[0]


def state(warehouse: Warehouse) -> dict[str, Any]:
    return {name: table(warehouse, name) for name in TABLES}


def fortnight() -> list[dict[str, Any]]:
    """A fortnight of four people by day and by night, with forgotten punches, echoes and strangers."""
    rng = random.Random(5)  # noqa: S311
    events = []
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


PEOPLE: dict[str, list[str | None]] = {"A": ["day"], "B": ["night"], "C": ["day", "day", None], "D": ["night", "day"]}
RULE = {"before_after_min": 15, "weekly_after_min": 2400, "multipliers": {"workday": "1.25"}}


def test_a_day_becomes_money(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    result = punch(warehouse, [event("A", "2025-09-08T08:03:45", "in"), event("A", "2025-09-08T18:00", "out")])
    assert (result.received, result.accepted, result.duplicates) == (2, 2, 0)
    recompute_touched(warehouse, settings, now=NOW)
    day = day_of(warehouse, "A", MONDAY)
    assert (day["status"], day["is_late"], day["grace_period_applied"], day["late_s"]) == ("PRESENT", False, True, 225)
    paid = {(r["category"], r["seconds"], str(r["multiplier"])) for r in table(warehouse, "payroll_lines")}
    assert paid == {("regular", 32_175, "1.000"), ("overtime_after", 3_600, "1.500")}
    (person,) = period_people(warehouse, MONDAY, MONDAY)
    assert [str(person[n]) for n in ("regular_h", "overtime_h", "paid_equivalent_h")] == ["8.94", "1.00", "10.44"]


def test_every_punch_is_accounted_for_once(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, PEOPLE)
    punch(warehouse, fortnight())
    recompute_touched(warehouse, settings, now=NOW)
    key = ("employee_id", "punched_at", "source", "device")
    stored = [tuple(r[k] for k in key) for r in table(warehouse, "punches")]
    placed = [tuple(r[k] for k in key) for r in table(warehouse, "punch_ledger")]
    assert sorted(placed) == sorted(stored)
    assert {r["reason"] for r in table(warehouse, "exceptions") if r["employee_id"] == "stranger"} == {
        "unknown_employee"
    }


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_late_and_doubled_events_give_the_same_tables(
    warehouse: Warehouse, settings: Settings, seed: int
) -> None:
    hire(warehouse, PEOPLE, rule=RULE)
    events = fortnight()
    report_source(warehouse, "gate", NOW)
    punch(warehouse, events)
    recompute_touched(warehouse, settings, now=NOW)
    wanted = state(warehouse)

    for name in (*TABLES, "punches"):
        warehouse.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("attendance", name)))
    rng = random.Random(seed)  # noqa: S311
    shuffled = rng.sample(events + rng.sample(events, len(events) // 20), len(events) + len(events) // 20)
    late = shuffled[: len(shuffled) // 20]
    on_time = shuffled[len(late) :]
    for start in range(0, len(on_time), 40):
        punch(warehouse, on_time[start : start + 40])
        recompute_touched(warehouse, settings, now=NOW)
    for one in late:
        punch(warehouse, [one])
        recompute_touched(warehouse, settings, now=NOW)
    assert state(warehouse) == wanted


def test_a_late_punch_recomputes_its_own_days_only(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, PEOPLE)
    report_source(warehouse, "gate", NOW)
    punch(warehouse, fortnight())
    recompute_touched(warehouse, settings, now=NOW)
    punch(warehouse, [event("A", "2025-09-10T12:00", "in")])
    result = recompute_touched(warehouse, settings, now=NOW)
    assert result.days == 5
    assert recompute_touched(warehouse, settings, now=NOW).days == 0


def test_a_backfill_agrees_with_what_was_computed_piece_by_piece(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, PEOPLE, rule=RULE)
    report_source(warehouse, "gate", NOW)
    punch(warehouse, fortnight())
    recompute_touched(warehouse, settings, now=NOW)
    first, last = date(2025, 9, 10), date(2025, 9, 18)
    before = state(warehouse)
    recompute_days(warehouse, settings, first, last, now=NOW)
    assert state(warehouse) == before


def test_nobody_is_absent_before_the_sources_have_reported(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    recompute_days(warehouse, settings, MONDAY, MONDAY, now=NOW)
    assert day_of(warehouse, "A", MONDAY)["status"] == "PENDING"
    report_source(warehouse, "gate", datetime(2025, 9, 8, 17, tzinfo=KOLKATA))
    report_source(warehouse, "canteen", datetime(2025, 9, 8, 16, 59, tzinfo=KOLKATA))
    recompute_touched(warehouse, settings, now=NOW)
    assert day_of(warehouse, "A", MONDAY)["status"] == "PENDING"
    report_source(warehouse, "canteen", datetime(2025, 9, 8, 17, 1, tzinfo=KOLKATA))
    recompute_touched(warehouse, settings, now=NOW)
    assert day_of(warehouse, "A", MONDAY)["status"] == "ABSENT"
    punch(warehouse, [event("A", "2025-09-08T08:00", "in"), event("A", "2025-09-08T17:00", "out")])
    recompute_touched(warehouse, settings, now=NOW)
    assert day_of(warehouse, "A", MONDAY)["status"] == "PRESENT"


def test_bad_events_are_kept_and_counted(warehouse: Warehouse) -> None:
    bad = [
        event("A", "2025-09-08T25:61"),
        event("A", "2025-12-24T08:00"),
        event("", "2025-09-08T08:00"),
        event("A\x00", "2025-09-08T08:00"),
        {"time": "2025-09-08T08:00"},
        event("A", "yesterday"),
        event("A", "2025-09-08T25:61"),
    ]
    result = punch(warehouse, [*bad, event("A", "2025-09-08T08:00", "in", device="undefined")])
    assert (result.received, result.accepted, len(result.refused)) == (8, 1, 7)
    kept = table(warehouse, "refusals")
    assert sum(row["times"] for row in kept) == 7
    assert {row["reason"] for row in kept} == {"time_invalid", "time_in_future", "employee_id_invalid"}
    (stored,) = table(warehouse, "punches")
    assert stored["device"] == ""  # horilla#1115: a driver's word for "I do not know" is no device


def test_two_that_contradict_each_other_leave_the_direction_open(warehouse: Warehouse) -> None:
    said = [event("A", "2025-09-08T08:00", "in"), event("A", "2025-09-08T08:00", "out")]
    for order in (said, said[::-1]):
        for one in order:
            punch(warehouse, [one])
        (stored,) = table(warehouse, "punches")
        assert stored["direction"] is None
        warehouse.execute(sql.SQL("DELETE FROM attendance.punches"))


def test_a_frozen_period_changes_by_adjustments_only(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    report_source(warehouse, "gate", NOW)
    punch(warehouse, [event("A", "2025-09-08T08:00", "in"), event("A", "2025-09-08T16:00", "out")])
    recompute_days(warehouse, settings, MONDAY, date(2025, 9, 14), now=NOW)
    freeze_period(warehouse, date(2025, 9, 1), date(2025, 9, 14), by="hr", now=NOW)
    frozen = period_people(warehouse, date(2025, 9, 1), date(2025, 9, 14))

    punch(warehouse, [event("A", "2025-09-08T17:30", "out"), event("A", "2025-09-09T08:00", "in")])
    punch(warehouse, [event("A", "2025-09-09T12:00", "out")])
    for _ in range(2):  # the second time there is nothing left to adjust
        recompute_days(warehouse, settings, MONDAY, date(2025, 9, 21), now=NOW)
    assert period_people(warehouse, date(2025, 9, 1), date(2025, 9, 14)) == frozen
    booked = [r for r in table(warehouse, "payroll_lines") if r["kind"] == "adjustment"]
    assert sorted((r["production_day"].day, r["category"], r["seconds"], r["booked_day"].day) for r in booked) == [
        (8, "overtime_after", 1_800, 15),
        (8, "regular", 3_600, 15),
        (9, "regular", 14_400, 15),
    ]
    (later,) = period_people(warehouse, date(2025, 9, 15), date(2025, 9, 30))
    assert str(later["adjustment_h"]) == "5.50"
    with pytest.raises(PeriodError, match="frozen already, by hr"):
        freeze_period(warehouse, date(2025, 9, 14), date(2025, 9, 20), by="hr", now=NOW)


def test_a_period_with_shifts_that_nobody_has_judged_cannot_be_frozen(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    recompute_days(warehouse, settings, MONDAY, MONDAY, now=NOW)
    with pytest.raises(PeriodError, match="1 shifts are still PENDING"):
        freeze_period(warehouse, MONDAY, MONDAY, by="hr", now=NOW)


def test_the_rate_of_a_month(warehouse: Warehouse, settings: Settings) -> None:
    hire(warehouse, {"A": ["day"]})
    report_source(warehouse, "gate", datetime(2025, 9, 12, 23, tzinfo=KOLKATA))
    punch(warehouse, [event("A", "2025-09-08T08:00", "in"), event("A", "2025-09-09T09:00", "in")])
    recompute_days(warehouse, settings, MONDAY, date(2025, 9, 14), now=NOW)
    (rate,) = warehouse.rows(
        sql.SQL(
            "SELECT employee_id, attendance_rate FROM attendance.employee_attendance_rate "
            "WHERE month = date_trunc('month', date '2025-09-20') AND attendance_rate < 90"
        )
    )
    # Saturday the 6th to Friday the 12th without the Sunday: six expected, two attended.
    assert (rate["employee_id"], round(float(rate["attendance_rate"]), 2)) == ("A", 33.33)
