"""Any day may be run again, in any order, by two at once, and after a kill: the tables come out the same."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from psycopg import sql

from factory_pipelines.warehouse.pool import Warehouse

from .golden import DIRTY, EDGES, GOLDEN, ORDINARY, code_location, open_writer, run_days, state_of

DAYS = [EDGES, ORDINARY, DIRTY]
DERIVED = {"operation_benchmark", "employee_efficiency", "efficiency_by_level", "line_output"}


def derived(warehouse: Warehouse) -> dict[str, str | None]:
    """Fingerprints of the computed tables: raw rows also say when they were pulled."""
    return {name: value for name, value in state_of(warehouse).items() if name in DERIVED}


@pytest.fixture(scope="module")
def three_days(clone: Callable[[], AbstractContextManager[str]]) -> dict[str, str | None]:
    """What one run of the whole range makes of them."""
    with clone() as url, open_writer(url) as warehouse:
        assert run_days(code_location(warehouse), EDGES, DIRTY).success
        return derived(warehouse)


@pytest.mark.parametrize("order", [DAYS[::-1], [*DAYS, ORDINARY]], ids=["backward", "one twice"])
def test_day_by_day_in_any_order_is_the_range(
    warehouse: Warehouse, three_days: dict[str, str | None], order: list[str]
) -> None:
    defs = code_location(warehouse)
    for day in order:
        assert run_days(defs, day).success
    assert derived(warehouse) == three_days


def test_two_runs_of_a_day_at_once_give_one_day(warehouse: Warehouse, three_days: dict[str, str | None]) -> None:
    defs = code_location(warehouse)
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(lambda _: run_days(defs, EDGES, DIRTY), range(2)))
    assert all(outcome.success for outcome in outcomes), outcomes
    assert derived(warehouse) == three_days


def test_rows_that_rtms_corrects_or_drops_are_corrected_and_dropped(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = other_version(tmp_path)
    assert run_days(code_location(warehouse), ORDINARY).success
    first = derived(warehouse)
    assert run_days(code_location(warehouse, folder), ORDINARY).success
    second = derived(warehouse)
    assert all(first[name] != second[name] for name in DERIVED)
    assert run_days(code_location(warehouse), ORDINARY).success
    assert derived(warehouse) == first


def test_the_data_version_moves_with_the_data_only(warehouse: Warehouse, tmp_path: Path) -> None:
    """A pull that finds nothing changed leaves the version; a corrected row and a vanished one move it."""

    def version(folder: Path = GOLDEN) -> str:
        assert run_days(code_location(warehouse, folder), ORDINARY).success
        of_day = {"first": ORDINARY, "last": ORDINARY}
        return str(warehouse.rows("production/pull_version", of_day)[0]["version"])

    first = version()
    assert version() == first
    assert version(other_version(tmp_path)) != first


def other_version(folder: Path) -> Path:
    """The ordinary day as RTMS might show it an hour later: other pieces, a line gone."""
    lines = (GOLDEN / "golden_session_wise_production.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("S2-1")]
    later = [line.replace(",200,,", ",190,,") for line in kept]
    (folder / "later_session_wise_production.csv").write_text("".join(later))
    return folder


# A process that runs the day over and over, from two exports in turn, until it is killed.
RUNNER = """
import itertools, sys
from pathlib import Path
from factory_pipelines_tests.integration.production.golden import ORDINARY, code_location, open_writer, run_days

with open_writer(sys.argv[1]) as warehouse:
    locations = [code_location(warehouse, Path(folder)) for folder in sys.argv[2:]]
    print("running", flush=True)
    for defs in itertools.cycle(locations):
        run_days(defs, ORDINARY)
"""
_COUNTED = """
SELECT (SELECT (count(*), sum(prodn_pcs), sum(eff100)) FROM rtms.session_wise_production)::text AS raw,
    (SELECT (count(*), sum(benchmark_pcs)) FROM production.operation_benchmark)::text AS benchmark,
    (SELECT (count(*), sum(prodn_pcs), sum(eff100)) FROM production.employee_efficiency)::text AS employees,
    (SELECT (count(*), sum(prodn_pcs)) FROM production.efficiency_of_groups)::text AS groups,
    (SELECT (count(*), sum(prodn_pcs), sum(output_pcs)) FROM production.line_output)::text AS lines
"""


@contextmanager
def watching(url: str) -> Iterator[dict[str, set[str]]]:
    """A reader that looks all the time; gives every state of every table it has seen."""
    seen: dict[str, set[str]] = {}
    done = threading.Event()

    def look() -> None:
        with open_writer(url) as warehouse:
            while not done.wait(0.002):
                for table, state in warehouse.rows(sql.SQL(_COUNTED))[0].items():
                    seen.setdefault(table, set()).add(state)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield seen
    finally:
        done.set()
        reader.join()


def test_killed_at_any_moment_a_reader_sees_whole_days_only_and_the_next_run_repairs(
    warehouse: Warehouse, warehouse_url: str, tmp_path: Path
) -> None:
    folders = [GOLDEN, other_version(tmp_path)]
    whole: dict[str, set[str]] = {}
    for folder in folders:
        assert run_days(code_location(warehouse, folder), ORDINARY).success
        for table, state in warehouse.rows(sql.SQL(_COUNTED))[0].items():
            whole.setdefault(table, set()).add(state)
    moments = random.Random(20251120)  # noqa: S311 - moments, not secrets
    with watching(warehouse_url) as seen:
        for _ in range(3):
            command = [sys.executable, "-c", RUNNER, warehouse_url, *map(str, folders)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
                assert runner.stdout is not None
                assert runner.stdout.readline() == "running\n"
                time.sleep(moments.uniform(0.3, 0.9))
                runner.send_signal(signal.SIGKILL)
    for table, states in seen.items():
        assert states <= whole[table], table
    assert run_days(code_location(warehouse), ORDINARY).success
    repaired = derived(warehouse)
    assert run_days(code_location(warehouse), ORDINARY).success
    assert derived(warehouse) == repaired
    found = warehouse.rows(sql.SQL(_COUNTED))[0]
    assert all(state in whole[table] for table, state in found.items())


HISTORY = """
INSERT INTO rtms.session_wise_production
    (organization_id, production_day, rtms_row_id, unit_code, floor_name, line_name,
    style_no, part_name, new_oper_seq, device_id, emp_code, prodn_pcs, eff100, is_fin_part, is_fin_oper, source,
    pull_id, ingested_at)
SELECT organization_id, production_day - n, rtms_row_id, unit_code, floor_name, line_name,
    style_no, part_name, new_oper_seq, device_id, emp_code, prodn_pcs, eff100, is_fin_part, is_fin_oper, source,
    pull_id, ingested_at
FROM rtms.session_wise_production, generate_series(%(first)s::int, %(last)s::int) AS n
WHERE production_day = '2025-09-11'
"""


@pytest.mark.parametrize("query", sorted(DERIVED))
def test_a_day_costs_the_same_whatever_the_history(query: str, grown: Callable[[str], tuple[int, int]]) -> None:
    few, many = grown(query)
    # TimescaleDB looks a new chunk up in its catalogue, some tens of pages; reading all days would be over a thousand.
    assert many <= 1.5 * few + 60, f"{few} pages with ten days, {many} with a thousand"


@pytest.fixture(scope="module")
def grown(clone: Callable[[], AbstractContextManager[str]]) -> Iterator[Callable[[str], tuple[int, int]]]:
    """Pages touched by one day's query with ten and with a thousand days of history, which no busy machine changes."""
    with clone() as url, open_writer(url) as warehouse:
        assert run_days(code_location(warehouse), ORDINARY).success
        pages: dict[str, list[int]] = {}
        for first, last in ((1, 9), (10, 999)):
            warehouse.execute(sql.SQL(HISTORY), {"first": first, "last": last})
            for query in DERIVED:
                pages.setdefault(query, []).append(_pages(warehouse, query))
        yield lambda query: (pages[query][0], pages[query][1])


def _pages(warehouse: Warehouse, query: str) -> int:
    from factory_pipelines.warehouse.queries import load_sql

    explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ") + sql.SQL(load_sql(f"production/{query}"))
    with warehouse.transaction() as conn:
        conn.execute("ANALYZE rtms.session_wise_production")
        for table in ("operation_benchmark", "employee_efficiency", "efficiency_of_groups", "line_output"):
            if query in (table, "efficiency_by_level"):
                target = sql.Identifier("production", table)
                conn.execute(sql.SQL("DELETE FROM {} WHERE production_day = '2025-09-11'").format(target))
        [(plan,)] = conn.execute(explain, {"first": "2025-09-11", "last": "2025-09-11"}).fetchall()
        conn.rollback()
    return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])
