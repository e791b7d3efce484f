"""What attendance costs: 100,000 punches to payroll, and 10,000 random rosters that must keep the engine's promises.

``python -m benchmarks.attendance`` prints the entries; ``BENCH_PUNCHES`` (default 100000) sets the size.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from benchmarks.harness import entry, own_server, seconds
from factory_pipelines.attendance.ingest import ingest
from factory_pipelines.attendance.recompute import recompute_touched
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse

PUNCHES = int(os.environ.get("BENCH_PUNCHES", "100000"))
ROSTERS = int(os.environ.get("BENCH_ROSTERS", "10000"))
_FIRST = date(2025, 9, 1)
_DAYS = 25
_NOW = datetime(2025, 10, 15, tzinfo=UTC)


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with own_server() as open_database:
        return [punches_to_payroll(open_database("attendance")), rosters_keep_the_promises()]


def punches_to_payroll(warehouse: Warehouse) -> dict[str, Any]:
    """Events to payroll lines, everything stored on the way; beside it the bare COPY of the same punches."""
    settings = Settings()
    events = _fill(warehouse)
    zone = settings.plant.clock().zone
    ingest_s = seconds(lambda: ingest(warehouse, events, zone=zone, now=_NOW))
    recompute_s = seconds(lambda: recompute_touched(warehouse, settings, now=_NOW))
    ours_s, bare_s = ingest_s + recompute_s, _bare_copy(warehouse)
    (lines,) = warehouse.rows(
        sql.SQL("SELECT count(*) AS count, sum(seconds) / 3600 AS hours FROM attendance.payroll_lines")
    )
    detail = (
        f"{len(events):,} punches: taken in {ingest_s:.2f} s, computed {recompute_s:.2f} s, {lines['count']:,} payroll "
        f"lines, {lines['hours']:,.0f} h; {ours_s / bare_s:.1f} × the bare COPY of the punches ({bare_s:.2f} s)"
    )
    return entry("punches_to_payroll", ours_s, 5.0, detail, unit="seconds")


def rosters_keep_the_promises() -> dict[str, Any]:
    """Random rosters over clock changes: minutes conserved, every punch placed once, order without meaning."""
    test = "factory_pipelines_tests/unit/plant/test_attendance_properties.py"
    environment = {**os.environ, "ATTENDANCE_ROSTERS": str(ROSTERS)}
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-o", "timeout=1800", test]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return entry(
        "roster_promises_broken", float(result.returncode), 0.0, f"{ROSTERS:,} rosters: {result.stdout[-80:].strip()}"
    )


def _fill(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Half of the people by day, half by night, four punches a day each; returns the events."""
    people = [f"E{n:05}" for n in range(PUNCHES // (4 * _DAYS))]
    with warehouse.transaction() as conn:
        _roster(conn, people)
    events = []
    for number, person in enumerate(people):
        start = 8 if number % 2 else 22
        for day in range(_DAYS):
            begin = datetime(2025, 9, 1, start) + timedelta(days=day, minutes=(number * 7 + day * 3) % 15 - 5)  # noqa: DTZ001
            for minutes, direction in ((0, "in"), (235, "out"), (262, "in"), (545 + number % 40, "out")):
                at = begin + timedelta(minutes=minutes)
                events.append(
                    {
                        "employee_id": person,
                        "time": at.isoformat(),
                        "direction": direction,
                        "source": "gate",
                        "device": "T1",
                    }
                )
    return events


def _roster(conn: Connection[Any], people: list[str]) -> None:
    copy_rows(conn, sql.Identifier("attendance", "employees"), ["employee_id"], ([p] for p in people))
    pause = [{"minutes": 30, "start": None, "after_minutes": 300}]
    shifts = [
        ("day", "Day", [["08:00", "17:00"]], 5, pause),
        ("night", "Night", [["22:00", "07:00"]], 5, pause),
    ]
    names = ["shift_id", "shift_name", "segments", "grace_in_min", "breaks"]
    copy_rows(conn, sql.Identifier("attendance", "shifts"), names, shifts)
    assigned = ([p, _FIRST, ["day" if n % 2 else "night"]] for n, p in enumerate(people))
    copy_rows(conn, sql.Identifier("attendance", "shift_assignments"), ["employee_id", "first_day", "cycle"], assigned)


def _bare_copy(warehouse: Warehouse) -> float:
    """Seconds to COPY the stored punches into a bare table, the best of three."""
    columns = ["source", "device", "employee_id", "punched_at", "direction", "ingested_at"]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with warehouse.transaction() as conn:
        rows = conn.execute(sql.SQL("SELECT {} FROM attendance.punches").format(names)).fetchall()
        conn.execute("CREATE TEMPORARY TABLE bare (LIKE attendance.punches INCLUDING DEFAULTS) ON COMMIT DROP")
        return min(seconds(lambda: copy_rows(conn, sql.Identifier("bare"), columns, rows)) for _ in range(3))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
