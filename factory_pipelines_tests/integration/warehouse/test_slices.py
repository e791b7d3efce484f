"""A slice is replaced whole or not at all, whoever reads or writes meanwhile, and whoever is killed."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days, replacing_slice
from factory_pipelines_tests.conftest import ORGANIZATION

TABLE = sql.Identifier("production", "operation_benchmark")
DAY = date(2025, 9, 12)
ADD = sql.SQL("""
    INSERT INTO production.operation_benchmark (production_day, new_oper_seq, benchmark_size, benchmark_pcs)
    VALUES (%(day)s, %(operation)s, %(size)s, 1)
""")
SEEN = sql.SQL("""
    SELECT benchmark_size AS size FROM production.operation_benchmark
    WHERE organization_id = warehouse.current_organization() ORDER BY production_day, new_oper_seq
""")


def put(conn: psycopg.Connection[Any], day: date, operation: str, size: int) -> None:
    conn.execute(ADD, {"day": day, "operation": operation, "size": size})


def replace(warehouse: Warehouse, size: int, operations: int = 3, day: date = DAY) -> None:
    with replacing_slice(warehouse, TABLE, day_column="production_day", first=day, last=day) as conn:
        for number in range(operations):
            put(conn, day, f"O{number}", size)


def sizes_in(warehouse: Warehouse) -> list[int]:
    return [row["size"] for row in warehouse.rows(SEEN)]


def test_a_reader_sees_the_old_slice_until_the_new_one_is_complete(warehouse: Warehouse, reader: Warehouse) -> None:
    replace(warehouse, 1)
    with replacing_slice(warehouse, TABLE, day_column="production_day", first=DAY, last=DAY) as conn:
        assert sizes_in(reader) == [1, 1, 1]
        put(conn, DAY, "O0", 2)
        assert sizes_in(reader) == [1, 1, 1]
    assert sizes_in(reader) == [2]


def test_a_failure_leaves_the_old_slice(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    with pytest.raises(psycopg.errors.NotNullViolation):
        replace(warehouse, None)  # type: ignore[arg-type]
    assert sizes_in(warehouse) == [1, 1, 1]


def test_only_the_days_asked_for_are_replaced(warehouse: Warehouse) -> None:
    for number in range(1, 6):
        replace(warehouse, number, operations=1, day=date(2025, 9, number))
    first, last = date(2025, 9, 2), date(2025, 9, 4)
    with replacing_slice(warehouse, TABLE, day_column="production_day", first=first, last=last) as conn:
        put(conn, last, "O0", 40)
    assert sizes_in(warehouse) == [1, 40, 5]


def test_without_a_day_column_the_whole_table_is_replaced_but_only_ones_own(
    warehouse: Warehouse, warehouse_url: str
) -> None:
    other = Warehouse(warehouse_url, organization_id=UUID("22222222-2222-2222-2222-222222222222"), role=Role.WRITER)
    try:
        replace(other, 9)
        replace(warehouse, 1)
        with replacing_slice(warehouse, TABLE, day_column=None, first=None, last=None) as conn:
            put(conn, date(2025, 9, 20), "O7", 7)
        assert sizes_in(warehouse) == [7]
        assert sizes_in(other) == [9, 9, 9]
    finally:
        other.close()


def test_two_who_replace_at_once_take_turns(warehouse: Warehouse) -> None:
    """Without the lock both would delete the same old rows, and insert twice."""
    replace(warehouse, 1)
    begun, waits = threading.Event(), threading.Event()

    def slow() -> None:
        with replacing_slice(warehouse, TABLE, day_column="production_day", first=DAY, last=DAY) as conn:
            begun.set()
            for number in range(3):
                put(conn, DAY, f"O{number}", 2)
            assert waits.wait(10)

    with ThreadPoolExecutor() as threads:
        first = threads.submit(slow)
        assert begun.wait(10)
        second = threads.submit(replace, warehouse, 3)
        while not _somebody_waits(warehouse):
            assert not second.done()
        waits.set()
        first.result()
        second.result()
    assert sizes_in(warehouse) == [3, 3, 3]


def _somebody_waits(warehouse: Warehouse) -> bool:
    waiting = sql.SQL("""
        SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database
        WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
    """)
    return bool(warehouse.rows(waiting))


def test_many_who_replace_at_once_leave_one_of_their_slices_whole(warehouse: Warehouse) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda number: replace(warehouse, number, operations=number + 1), range(6)))
    found = sizes_in(warehouse)
    assert len(set(found)) == 1
    assert len(found) == found[0] + 1


def test_rebuilding_days_runs_the_named_query_for_those_days(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    # There is no raw production at all: the computed day is empty afterwards, and the query says so.
    assert rebuild_days(warehouse, TABLE, DAY, DAY, "production/operation_benchmark") == 0
    assert sizes_in(warehouse) == []


KILLED = """
import sys, time, datetime
from uuid import UUID
from psycopg import sql
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import replacing_slice

warehouse = Warehouse(sys.argv[1], organization_id=UUID(sys.argv[2]), role="factory_writer")
day = datetime.date(2025, 9, 12)
table = sql.Identifier("production", "operation_benchmark")
with replacing_slice(warehouse, table, day_column="production_day", first=day, last=day) as conn:
    conn.execute(sql.SQL(sys.argv[3]), {"day": day, "operation": "half", "size": 5})
    print("half-way", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def half_way(warehouse: Warehouse, warehouse_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in the middle of replacing the day, which holds three rows."""
    replace(warehouse, 1)
    command = [sys.executable, "-c", KILLED, warehouse_url, str(ORGANIZATION), ADD.as_string(None)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_writer_killed_half_way_leaves_the_old_slice_and_no_lock(
    warehouse: Warehouse, half_way: subprocess.Popen[str]
) -> None:
    assert half_way.stdout is not None
    assert half_way.stdout.readline() == "half-way\n"
    assert sizes_in(warehouse) == [1, 1, 1]
    half_way.send_signal(signal.SIGKILL)
    half_way.wait()
    assert sizes_in(warehouse) == [1, 1, 1]
    replace(warehouse, 2)
    assert sizes_in(warehouse) == [2, 2, 2]
