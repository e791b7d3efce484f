"""A warehouse that the edge can watch: transactions timed, an outage noticed once, stuck queries ended at the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines.warehouse.queries import load_sql

if TYPE_CHECKING:
    from factory_pipelines.warehouse.pool import Params, Query


class WatchedWarehouse(Warehouse):
    """The same rows as ``inner``, with three additions.

    While the warehouse is away only one caller at a time waits for it and all others are told at once: otherwise every
    thread of the process would hang in a connection time-out. It is tried again ``retry_after_s`` after each failure.
    """

    def __init__(
        self,
        inner: Warehouse,
        *,
        on_transaction: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
        retry_after_s: float = 1.0,
    ) -> None:
        """``on_transaction`` hears the seconds of each finished transaction."""
        self.address = inner.address
        self.organization_id = inner.organization_id
        self._inner = inner
        self._on_transaction = on_transaction
        self._clock = clock
        self._retry_after_s = retry_after_s
        self._state = Lock()
        self._retry_at_s: float | None = None  # None: not away
        self._probing = False
        self._in_use: set[psycopg.Connection[Any]] = set()

    @property
    def is_available(self) -> bool:
        """Whether the last transaction reached the server."""
        return self._retry_at_s is None

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """As ``Warehouse.transaction``.

        Raises:
            WarehouseUnavailableError: at once while the warehouse is known to be away.
        """
        probing = self._admit()
        started_s = self._clock()
        try:
            with self._inner.transaction() as conn:
                self._note(available=True)
                self._in_use.add(conn)
                try:
                    yield conn
                finally:
                    self._in_use.discard(conn)
        except WarehouseUnavailableError:
            self._note(available=False)
            raise
        finally:
            if probing:
                self._probing = False
            self._on_transaction(self._clock() - started_s)

    def rows(self, query: "Query", params: "Params" = None) -> list[dict[str, Any]]:
        """As ``Warehouse.rows``, without a BEGIN and a COMMIT around the one statement: half the round trips."""
        statement = sql.SQL(load_sql(query)) if isinstance(query, str) else query
        with self.transaction() as conn:
            conn.autocommit = True
            try:
                with conn.cursor(row_factory=dict_row) as cursor:
                    return cursor.execute(statement, params).fetchall()
            finally:
                if not conn.closed:
                    conn.autocommit = False

    def cancel_all(self) -> int:
        """Asks the server to end every running statement; returns how many connections were asked."""
        busy = list(self._in_use)
        for conn in busy:
            conn.cancel_safe(timeout=0.5)
        return len(busy)

    def pool_stats(self) -> dict[str, int]:
        """As ``Warehouse.pool_stats``."""
        return self._inner.pool_stats()

    def close(self) -> None:
        """Gives all connections back, for good."""
        self._inner.close()

    def _admit(self) -> bool:
        with self._state:
            if self._retry_at_s is None:
                return False
            if self._probing or self._clock() < self._retry_at_s:
                raise WarehouseUnavailableError(f"the warehouse at {self.address} is away")
            self._probing = True
            return True

    def _note(self, *, available: bool) -> None:
        with self._state:
            self._retry_at_s = None if available else self._clock() + self._retry_after_s
