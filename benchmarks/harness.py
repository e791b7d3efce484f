"""What the benchmarks share: entries, turns, and a server of their own."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import with_login
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse


def entry(name: str, value: float | None, bar: float, detail: str, unit: str = "ratio") -> dict[str, Any]:
    """One figure; a bar is an upper limit. An unknown figure meets no bar."""
    rounded = None if value is None else round(value, 3)
    return {
        "name": name,
        "value": rounded,
        "unit": unit,
        "bar": bar,
        "met": value is not None and value <= bar,
        "detail": detail,
    }


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def in_turns(
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    before_first: Callable[[], object] = lambda: None,
    before_second: Callable[[], object] = lambda: None,
    rounds: int = 3,
    best: Callable[[list[float]], float] = min,
) -> tuple[float, float]:
    """Seconds of both, measured in turns so that a busy moment of the machine hits both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        before_first()
        taken[0].append(seconds(first))
        before_second()
        taken[1].append(seconds(second))
    return best(taken[0]), best(taken[1])


@contextmanager
def own_server() -> Iterator[Callable[[str], Warehouse]]:
    """An embedded server for this benchmark; gives freshly migrated databases, as their owner: it may empty tables."""
    # Directly under /tmp: a socket's path may have 100 characters.
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder) / "home")
        url = server.start()
        opened: list[Warehouse] = []

        def open_database(name: str) -> Warehouse:
            own = with_login(url, database=f"bench_{name}")
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"bench_{name}")))
            migrate(Settings(), own)
            opened.append(Warehouse(own, organization_id=Settings().organization_id, application_name="bench"))
            return opened[-1]

        try:
            yield open_database
        finally:
            for warehouse in opened:
                warehouse.close()
            server.stop()
