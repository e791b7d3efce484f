"""What an hour of occupancy costs when the log is long: 20 million rows against one million.

``python -m benchmarks.occupancy`` prints the entries; ``BENCH_OCCUPANCY_ROWS`` (default 20000000) sets the longer log,
``BENCH_DATABASE_URL`` an administrator's address of another server, such as one with TimescaleDB.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.harness import entry, in_turns, own_server, seconds
from factory_pipelines.occupancy.aggregates import compute_hours
from factory_pipelines.occupancy.ingest import ingest
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import with_login
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse

ROWS = int(os.environ.get("BENCH_OCCUPANCY_ROWS", "20000000"))
_FEW_ROWS = 1_000_000
_DOORS = 20  # two an area
_EVERY_S = 10  # each door; 7,200 events an hour altogether
_END = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)  # midnight in Kolkata
_HOUR = timedelta(hours=1)
_NOW = _END + 2 * _HOUR


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with _server() as open_database:
        few, many = open_database("few"), open_database("many")
        _fill(few, _FEW_ROWS)
        filled_s = seconds(lambda: _fill(many, ROWS))
        # The longer log is the first of both: it pays for whatever is not in memory yet.
        many_s, few_s = in_turns(lambda: _one_hour(many), lambda: _one_hour(few), rounds=9)
        late_many_s, late_few_s = in_turns(lambda: _late_event(many), lambda: _late_event(few), rounds=5)
        detail = (
            f"{ROWS:,} rows (written in {filled_s:.0f} s) against {_FEW_ROWS:,}; the hour holds "
            f"{_DOORS * 3600 // _EVERY_S:,} events of {_DOORS} doors: {many_s * 1000:.0f} ms "
            f"against {few_s * 1000:.0f} ms"
        )
        late = f"an event that comes twelve hours late: {late_many_s * 1000:.0f} ms against {late_few_s * 1000:.0f} ms"
    return [
        entry("occupancy: an hourly partition, 20 million rows against one", many_s / few_s, 1.2, detail),
        entry("occupancy: a late event, 20 million rows against one", late_many_s / late_few_s, 1.2, late),
    ]


def _one_hour(warehouse: Warehouse) -> None:
    done = compute_hours(warehouse, Settings().plant.clock(), _END - _HOUR, _END, now=_NOW)
    assert done.events == _DOORS * 3600 // _EVERY_S, done


def _late_event(warehouse: Warehouse) -> None:
    at = _END - timedelta(hours=12, microseconds=int(datetime.now(UTC).timestamp() * 1e6) % 1_000_000)
    event = {
        "source_id": "door-1",
        "observed_at": at,
        "event_id": "late",
        "kind": "crossing",
        "direction": "in",
        "people": 1,
    }
    assert ingest(warehouse, [event], now=_NOW).accepted == 1
    done = compute_hours(warehouse, Settings().plant.clock(), None, None, now=_NOW)
    assert done.hours == 13, done


def _fill(warehouse: Warehouse, rows: int) -> None:
    """Crossings in and out by turns, until ``_END``; the last day's hours are computed but for the last one."""
    each = rows // _DOORS
    begin = _END - timedelta(seconds=_EVERY_S * each)
    with warehouse.transaction() as conn:
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("SET LOCAL maintenance_work_mem = '1GB'")
        conn.execute(
            "INSERT INTO occupancy.areas (area_id, area_name) SELECT 'area-' || n, 'A' FROM generate_series(0, 9) AS n"
        )
        conn.execute(
            "INSERT INTO occupancy.sources (source_id, area_id, kind, first_seen_at) "
            "SELECT 'door-' || n, 'area-' || n / 2, 'door', %s FROM generate_series(0, %s) AS n",
            [begin, _DOORS - 1],
        )
        # The key is made when the rows are there: twenty million look-ups would take most of the time.
        conn.execute("ALTER TABLE occupancy.occupancy_log DROP CONSTRAINT occupancy_log_pkey")
        conn.execute(
            "INSERT INTO occupancy.occupancy_log "
            "(source_id, area_id, observed_at, event_id, kind, direction, people, ingested_at) "
            "SELECT 'door-' || d, 'area-' || d / 2, at, n::text, 'crossing', "
            "CASE n %% 2 WHEN 0 THEN 'in' ELSE 'out' END, 1, at "
            "FROM generate_series(0, %(each)s - 1) AS n, generate_series(0, %(doors)s - 1) AS d, "
            "LATERAL (SELECT %(begin)s::timestamptz + n * %(every)s * interval '1 second' AS at) AS t",
            {"doors": _DOORS, "each": each, "begin": begin, "every": _EVERY_S},
        )
        conn.execute(
            "ALTER TABLE occupancy.occupancy_log ADD PRIMARY KEY (organization_id, source_id, observed_at, event_id)"
        )
        # As if the days before had been computed: the count that the last day goes on from.
        conn.execute(
            "INSERT INTO occupancy.occupancy_hourly (production_day, area_id, source_id, hour_start, hour_end, "
            "observed_min, surplus_exits, closing_occupancy, event_count) "
            "SELECT %(from)s::date, 'area-' || n, '', %(from)s::timestamptz - interval '1 hour', %(from)s, 0, 0, 10, 0 "
            "FROM generate_series(0, 9) AS n",
            {"from": _END - 24 * _HOUR},
        )
    with warehouse.transaction() as conn:
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE occupancy.occupancy_log")
        conn.autocommit = False
    compute_hours(warehouse, Settings().plant.clock(), _END - 24 * _HOUR, _END - _HOUR, now=_NOW)


@contextmanager
def _server() -> Iterator[Callable[[str], Warehouse]]:
    """The benchmark's own server, or databases of its own on the one that the environment names."""
    url = os.environ.get("BENCH_DATABASE_URL")
    if url is None:
        with own_server() as open_database:
            yield open_database
        return
    opened: dict[str, Warehouse] = {}

    def open_there(name: str) -> Warehouse:
        database = f"bench_{name}_{token_hex(4)}"
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        own = with_login(url, database=database)
        migrate(Settings(), own)
        opened[database] = Warehouse(own, organization_id=Settings().organization_id, application_name="bench")
        return opened[database]

    try:
        yield open_there
    finally:
        for database, warehouse in opened.items():
            warehouse.close()
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
