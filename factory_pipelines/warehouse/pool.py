"""The pooled door to the warehouse.

Connections open on first use, are checked before they are lent, and come back after the server was away, so a long-
lived process needs no restart. Every session knows its organization, its role and its time limits. Dagster loads this
module to know a class; psycopg, which takes a tenth of a second, is loaded by whoever opens one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import Role, redacted, role_url, with_options
from factory_pipelines.warehouse.queries import load_sql

if TYPE_CHECKING:
    import pandas as pd
    import psycopg
    from psycopg import sql

    Query = str | sql.SQL | sql.Composed
    Params = Mapping[str, Any] | None

_REMEDY = "try again once the server runs; `factory doctor` says what is wrong"


class WarehouseUnavailableError(ConnectionError):
    """The database cannot be reached now; trying again later may help."""


class Warehouse:
    """One organization's rows, seen through one role.

    ``query`` arguments are the name of a file (``"alerts/due"`` is ``sql/alerts/due.sql``) or a composed statement;
    never a string of SQL put together elsewhere.
    """

    def __init__(
        self,
        url: str,
        *,
        organization_id: UUID,
        role: str | None = None,
        pool_max: int = 8,
        connect_timeout_s: int = 5,
        statement_timeout_s: int = 300,
        application_name: str = "factory",
    ) -> None:
        """Nothing connects before the first query."""
        from psycopg_pool import ConnectionPool

        self.address = redacted(url)
        self.organization_id = organization_id
        options = {
            "factory.organization_id": str(organization_id),
            "timezone": "UTC",
            "statement_timeout": f"{statement_timeout_s}s",
        }
        if role is not None:
            options["role"] = str(role)
        self._timeout_s = float(connect_timeout_s)
        self._pool = ConnectionPool(
            with_options(url, options),
            min_size=0,
            max_size=pool_max,
            timeout=self._timeout_s,
            reconnect_timeout=self._timeout_s,
            check=ConnectionPool.check_connection,
            kwargs={"application_name": application_name, "connect_timeout": connect_timeout_s},
            open=False,
            name=application_name,
        )
        self._opening = Lock()

    @contextmanager
    def transaction(self) -> "Iterator[psycopg.Connection[Any]]":
        """A connection in one transaction: committed on leaving, rolled back on an exception.

        Raises:
            WarehouseUnavailableError: when no connection can be had in time, or it broke underway.
        """
        import psycopg
        from psycopg_pool import PoolTimeout

        with self._opening:
            if self._pool.closed:
                self._pool.open()
        try:
            with self._pool.connection() as conn:
                yield conn
        except PoolTimeout as error:
            raise WarehouseUnavailableError(
                f"the warehouse at {self.address} did not answer within {self._timeout_s:g} s: {_REMEDY}"
            ) from error
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P")):
                raise  # the server's own verdict on the statement: a cancelled query, a lock time-out
            raise WarehouseUnavailableError(
                f"the warehouse at {self.address} went away ({error}): {_REMEDY}"
            ) from error

    def rows(self, query: "Query", params: "Params" = None) -> list[dict[str, Any]]:
        """All rows, each a dict."""
        from psycopg.rows import dict_row

        with self.transaction() as conn, conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_statement(query), params).fetchall()

    def frame(self, query: "Query", params: "Params" = None) -> "pd.DataFrame":
        """All rows as a frame with the query's columns, also when it is empty."""
        import pandas as pd

        with self.transaction() as conn, conn.cursor() as cursor:
            cursor.execute(_statement(query), params)
            columns = [column.name for column in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=columns)

    def execute(self, query: "Query", params: "Params" = None) -> int:
        """Runs one statement in its own transaction; returns the number of rows it touched."""
        with self.transaction() as conn:
            return conn.execute(_statement(query), params).rowcount

    def pool_stats(self) -> dict[str, int]:
        """What the pool counts (size, waiting, errors …), for metrics."""
        return dict(self._pool.get_stats())

    def close(self) -> None:
        """Gives all connections back, for good."""
        self._pool.close()


def open_warehouse(settings: Settings, role: Role = Role.WRITER, application_name: str = "factory") -> Warehouse:
    """The warehouse of these settings, in the given role."""
    url, assume = role_url(settings, role)
    return Warehouse(
        url,
        organization_id=settings.organization_id,
        role=assume,
        pool_max=settings.database.pool_max,
        connect_timeout_s=settings.database.connect_timeout_s,
        statement_timeout_s=settings.database.statement_timeout_s,
        application_name=application_name,
    )


def _statement(query: "Query") -> "sql.SQL | sql.Composed":
    from psycopg import sql

    return sql.SQL(load_sql(query)) if isinstance(query, str) else query
