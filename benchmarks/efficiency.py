"""What the efficiency tables cost beside the bare minimum.

``python -m benchmarks.efficiency`` prints the entries; ``BENCH_ROWS`` (default 500000) sets the size.
"""

import json
import os
import sys
from datetime import date, timedelta
from typing import Any

from psycopg import sql

from benchmarks.harness import entry, in_turns, own_server
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.production.ingest import pull_day
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

ROWS = int(os.environ.get("BENCH_ROWS", "500000"))
_FIRST = date(2025, 9, 12)
# Query → the table it fills.
_TABLES = {
    "operation_benchmark": "operation_benchmark",
    "employee_efficiency": "employee_efficiency",
    "efficiency_by_level": "efficiency_of_groups",
    "line_output": "line_output",
}


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with own_server() as open_database:
        warehouse = open_database("efficiency")
        last = _fill(warehouse)
        return [tables_against_bare_insert(warehouse, last)]


def tables_against_bare_insert(warehouse: Warehouse, last: date) -> dict[str, Any]:
    """All four efficiency tables of ``ROWS`` rows, against an INSERT … SELECT of the same rows into a like table."""
    warehouse.execute(
        sql.SQL("CREATE TABLE production.bare (LIKE rtms.session_wise_production INCLUDING ALL EXCLUDING STATISTICS)")
    )
    copy = sql.SQL("INSERT INTO production.bare SELECT * FROM rtms.session_wise_production")

    def ours() -> None:
        for query, table in _TABLES.items():
            rebuild_days(warehouse, sql.Identifier("production", table), _FIRST, last, f"production/{query}")

    bare_s, ours_s = in_turns(
        lambda: warehouse.execute(copy),
        ours,
        before_first=lambda: _empty(warehouse, "bare"),
        before_second=lambda: _empty(warehouse, *_TABLES.values()),
    )
    detail = f"{ROWS:,} rows: four tables {ours_s:.2f} s, bare INSERT … SELECT {bare_s:.2f} s"
    return entry("efficiency_tables", ours_s / bare_s, 3.0, detail)


def _fill(warehouse: Warehouse) -> date:
    """``ROWS`` rows of a large simulated factory, 10,000 a day; returns the last day."""
    settings = Settings()
    factory = Factory(settings.demo.seed, 20.0, settings.plant.clock())
    noon = settings.plant.clock().window(_FIRST)[1]
    pull_day(warehouse, DemoRtms(factory, lambda: noon), _FIRST, now=noon)
    (row,) = warehouse.rows(sql.SQL("SELECT count(*) AS rows FROM rtms.session_wise_production"))
    days = max(1, round(ROWS / row["rows"]))
    names = [
        r["column_name"]
        for r in warehouse.rows("warehouse/table_columns", {"schema": "rtms", "name": "session_wise_production"})
    ]
    others = sql.SQL(", ").join(sql.Identifier(n) for n in names if n != "production_day")
    repeat = sql.SQL(
        "INSERT INTO rtms.session_wise_production (production_day, {names}) SELECT d::date, {names} "
        "FROM rtms.session_wise_production, generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d "
        "WHERE production_day = %(day)s"
    )
    last = _FIRST + timedelta(days=days - 1)
    warehouse.execute(repeat.format(names=others), {"first": _FIRST + timedelta(days=1), "last": last, "day": _FIRST})
    warehouse.execute(sql.SQL("ANALYZE rtms.session_wise_production"))
    return last


def _empty(warehouse: Warehouse, *tables: str) -> None:
    for table in tables:
        warehouse.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier("production", table)))
    warehouse.execute(sql.SQL("CHECKPOINT"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
