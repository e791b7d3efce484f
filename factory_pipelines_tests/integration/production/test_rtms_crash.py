"""kill -9 during a pull and during its merge; readers and other pulls meanwhile."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.production.ingest import pull_day
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.rtms_rows import DAY, NOON, MemorySource, contents, row, table

LATER = NOON + timedelta(minutes=10)
OLD, NEW = 200, 300

# Pulls 300 changed rows in three batches; says when it has handed over two of them and then waits, unless told not to.
_PULLER = """
import sys, time
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import open_warehouse
from factory_pipelines.production.ingest import pull_day
from factory_pipelines_tests.rtms_rows import DAY, NOON, MemorySource, row, table

def stream():
    for start in (1, 101, 201):
        if start == 201:
            print("half", flush=True)
            time.sleep(float(sys.argv[1]))
        yield table([row(n, ProdnPcs=500) for n in range(start, start + 100)])

pull_day(open_warehouse(load_settings()), MemorySource(stream), DAY, now=NOON)
"""


@contextmanager
def puller(wait_s: float) -> Iterator[subprocess.Popen[str]]:
    """The program above as a process, once it is half-way."""
    process = subprocess.Popen([sys.executable, "-c", _PULLER, str(wait_s)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def state(warehouse: Warehouse) -> tuple[int, int]:
    """Rows of the day, and their pieces."""
    (found,) = warehouse.rows(
        sql.SQL("SELECT count(*) AS n, coalesce(sum(prodn_pcs), 0) AS pcs FROM rtms.session_wise_production")
    )
    return int(found["n"]), int(found["pcs"])


def wait_until(happened: object, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def old_day(warehouse: Warehouse) -> tuple[int, int]:
    """The day as an earlier pull left it."""
    pull_day(warehouse, MemorySource([table([row(n) for n in range(1, OLD + 1)])]), DAY, now=NOON)
    return state(warehouse)


def test_killed_while_reading_an_empty_day(warehouse: Warehouse, reader: Warehouse) -> None:
    with puller(wait_s=60) as process:
        assert state(reader) == (0, 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert state(reader) == (0, 0)
    assert contents(reader, "pulls") == []
    with puller(wait_s=0) as process:
        assert process.wait(timeout=60) == 0
    assert state(reader) == (NEW, NEW * 500)


def test_killed_while_reading_a_day_that_has_rows(
    warehouse: Warehouse, reader: Warehouse, old_day: tuple[int, int]
) -> None:
    with puller(wait_s=60) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert state(reader) == old_day
    with puller(wait_s=0) as process:
        assert process.wait(timeout=60) == 0
    assert state(reader) == (NEW, NEW * 500)


def test_killed_during_the_merge(
    warehouse: Warehouse, reader: Warehouse, warehouse_url: str, old_day: tuple[int, int]
) -> None:
    blocked = sql.SQL("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE%rtms%'")
    with psycopg.connect(warehouse_url) as holder:
        holder.execute("SELECT 1 FROM rtms.session_wise_production WHERE rtms_row_id = 150 FOR UPDATE")
        with puller(wait_s=0) as process, psycopg.connect(warehouse_url, autocommit=True) as watcher:
            wait_until(lambda: watcher.execute(blocked).fetchone())
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert state(reader) == old_day
    with puller(wait_s=0) as process:
        assert process.wait(timeout=60) == 0
    assert state(reader) == (NEW, NEW * 500)


@pytest.mark.parametrize("held_before", [False, True], ids=["empty_day", "day_with_rows"])
def test_no_half_day_is_ever_visible(warehouse: Warehouse, reader: Warehouse, held_before: bool) -> None:
    if held_before:
        pull_day(warehouse, MemorySource([table([row(n) for n in range(1, OLD + 1)])]), DAY, now=NOON)
    before = state(reader)

    def stream() -> Iterator[pd.DataFrame]:
        for start in range(1, NEW, 30):
            yield table([row(n, ProdnPcs=500) for n in range(start, start + 30)])
            time.sleep(0.02)

    pulling = threading.Thread(target=pull_day, args=(warehouse, MemorySource(stream), DAY), kwargs={"now": LATER})
    pulling.start()
    seen = [state(reader)]
    while pulling.is_alive():
        seen.append(state(reader))
    pulling.join()
    after = state(reader)
    assert after == (NEW, NEW * 500)
    assert set(seen) <= {before, after}
    assert len(seen) > 5
    assert seen == sorted(seen, key=[before, after].index)


def test_pulls_of_one_day_wait_and_the_later_answer_stays(warehouse: Warehouse, reader: Warehouse) -> None:
    asked: list[str] = []

    def answer(name: str, pieces: int, wait_s: float) -> MemorySource:
        def stream() -> Iterator[pd.DataFrame]:
            asked.append(name)
            time.sleep(wait_s)
            yield table([row(n, ProdnPcs=pieces) for n in range(10)])

        return MemorySource(stream)

    def start(source: MemorySource) -> threading.Thread:
        thread = threading.Thread(target=pull_day, args=(warehouse, source, DAY), kwargs={"now": NOON})
        thread.start()
        return thread

    slow = start(answer("older", 1, wait_s=0.5))
    wait_until(lambda: asked == ["older"])
    quick = start(answer("newer", 2, wait_s=0))
    slow.join()
    quick.join()
    assert asked == ["older", "newer"]
    assert state(reader) == (10, 20)
