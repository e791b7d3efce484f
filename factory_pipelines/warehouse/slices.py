"""Replacing a slice of a table: all of it or nothing, whoever else writes, however often it is repeated."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from psycopg import Connection, sql

from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql


def rebuild_days(warehouse: Warehouse, table: sql.Identifier, first: date, last: date, query: str) -> int:
    """Replaces the production days ``first`` to ``last`` of ``table`` with what the named ``query`` inserts.

    Readers see the old days until the new ones are complete. Returns the number of rows inserted.
    """
    with replacing_slice(warehouse, table, day_column="production_day", first=first, last=last) as conn:
        return conn.execute(load_sql(query), {"first": first, "last": last}).rowcount


@contextmanager
def replacing_slice(
    warehouse: Warehouse, table: sql.Identifier, *, day_column: str | None, first: date | None, last: date | None
) -> Iterator[Connection[Any]]:
    """A transaction in which the slice is empty, for the caller to fill.

    Without ``day_column`` the slice is the organization's whole table. One writer a table at a time: a second waits,
    and then replaces what the first has written.
    """
    with warehouse.transaction() as conn:
        # A year of a plant sorts and hashes in memory; the default would spill to disk.
        conn.execute("SET LOCAL work_mem = '256MB'")
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table.as_string(conn)])
        mine = sql.SQL("DELETE FROM {} WHERE organization_id = warehouse.current_organization()").format(table)
        if day_column is None:
            conn.execute(mine)
        else:
            within = sql.SQL(" AND {} BETWEEN %(first)s AND %(last)s").format(sql.Identifier(day_column))
            conn.execute(mine + within, {"first": first, "last": last})
        yield conn
