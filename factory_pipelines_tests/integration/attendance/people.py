"""People, shifts and punches for the tests of attendance."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql
from psycopg.types.json import Jsonb

from factory_pipelines.attendance.ingest import IngestResult, ingest
from factory_pipelines.warehouse.pool import Warehouse

KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2025, 10, 15, tzinfo=UTC)
MONDAY = date(2025, 9, 8)


def hire(warehouse: Warehouse, people: dict[str, list[str | None]], *, rule: dict[str, Any] | None = None) -> None:
    """People with their rotation from the first of September on; shifts `day` (08–17) and `night` (22–06)."""
    with warehouse.transaction() as conn:
        if rule is not None:
            conn.execute(
                "INSERT INTO attendance.overtime_rules (rule_name, definition) VALUES ('house', %s)", [Jsonb(rule)]
            )
        conn.execute(
            "INSERT INTO attendance.shifts (shift_id, shift_name, segments, grace_in_min) VALUES "
            """('day', 'Day', '[["08:00", "17:00"]]', 5), ('night', 'Night', '[["22:00", "06:00"]]', 5)"""
        )
        for person, cycle in people.items():
            conn.execute(
                "INSERT INTO attendance.employees (employee_id, employee_name, overtime_rule) VALUES (%s, %s, %s)",
                [person, f"Person {person}", "house" if rule is not None else None],
            )
            conn.execute(
                "INSERT INTO attendance.shift_assignments (employee_id, first_day, cycle) VALUES (%s, %s, %s)",
                [person, date(2025, 9, 1), cycle],
            )


def event(person: str, time: str, direction: str | None = None, **more: Any) -> dict[str, Any]:
    return {"employee_id": person, "time": time, "direction": direction, "source": "gate", "device": "T1", **more}


def punch(warehouse: Warehouse, events: Sequence[dict[str, Any]], now: datetime = NOW) -> IngestResult:
    return ingest(warehouse, events, zone=KOLKATA, now=now, tolerance=timedelta(minutes=5))


def table(warehouse: Warehouse, name: str, without: Sequence[str] = ()) -> list[dict[str, Any]]:
    rows = warehouse.rows(sql.SQL("SELECT * FROM {}").format(sql.Identifier("attendance", name)))
    kept = [{k: v for k, v in row.items() if k not in ("organization_id", *without)} for row in rows]
    return sorted(kept, key=lambda row: [str(v) for v in row.values()])
