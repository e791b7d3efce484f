"""Frames in and out of the warehouse, a partition at a time.

Asset key ``[schema, table]`` names the table; ``metadata={"partition_expr": column}`` names the column of its
production day.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

# No public name in Dagster 1.13; imported here only, so that a release which moves it is one loud import error.
from dagster._core.storage.db_io_manager import DbClient, DbIOManager, DbTypeHandler, TableSlice

from factory_pipelines.warehouse.pool import Warehouse

if TYPE_CHECKING:
    from psycopg import Connection, sql

_OWN_COLUMN = "organization_id"  # filled by the table's default: a frame speaks for the session's organization


class WarehouseClient(DbClient["Connection[Any]"]):
    """Dagster's slices on our transactions."""

    def __init__(self, warehouse: Warehouse) -> None:
        """``warehouse`` must be open to the writer."""
        self._warehouse = warehouse

    @contextmanager
    def connect(  # type: ignore[override]
        self, context: dg.OutputContext | dg.InputContext, table_slice: TableSlice
    ) -> "Iterator[Connection[Any]]":
        """One transaction; for an output, the slice is already deleted in it."""
        if isinstance(context, dg.InputContext):
            with self._warehouse.transaction() as conn:
                yield conn
            return
        from factory_pipelines.warehouse.slices import replacing_slice

        column, first, last = _days(table_slice)
        with replacing_slice(self._warehouse, _table(table_slice), day_column=column, first=first, last=last) as conn:
            yield conn

    @staticmethod
    def ensure_schema_exists(context: dg.OutputContext, table_slice: TableSlice, connection: "Connection[Any]") -> None:
        """Schemas come from migrations; the writer may not make any."""

    @staticmethod
    def delete_table_slice(context: dg.OutputContext, table_slice: TableSlice, connection: "Connection[Any]") -> None:
        """Done by ``connect``, under the table's lock."""

    @staticmethod
    def get_select_statement(table_slice: TableSlice) -> str:
        """The query an operator can paste into psql to see the slice."""
        query = f"SELECT * FROM {table_slice.schema}.{table_slice.table}"  # noqa: S608 - shown, never executed
        column, first, last = _days(table_slice)
        return query if column is None else f"{query} WHERE {column} BETWEEN '{first}' AND '{last}'"


class FrameHandler(DbTypeHandler[pd.DataFrame]):
    """pandas frames by binary COPY."""

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: pd.DataFrame, connection: "Connection[Any]"
    ) -> Mapping[str, Any]:
        """Copies the frame; its columns must be exactly the table's.

        Raises:
            ValueError: naming the columns that are missing or unknown.
        """
        from factory_pipelines.warehouse.copy import copy_frame

        wanted = set(_columns(connection, table_slice)) - {_OWN_COLUMN}
        if missing := sorted(wanted - set(obj.columns)):
            raise ValueError(f"{table_slice.schema}.{table_slice.table}: the frame lacks {', '.join(missing)}")
        if unknown := sorted(set(obj.columns) - wanted):
            raise ValueError(f"{table_slice.schema}.{table_slice.table} has no column {', '.join(unknown)}")
        return {"dagster/row_count": copy_frame(connection, _table(table_slice), obj)}

    def load_input(
        self, context: dg.InputContext, table_slice: TableSlice, connection: "Connection[Any]"
    ) -> pd.DataFrame:
        """The slice as a frame, without ``organization_id``."""
        from psycopg import sql

        columns = [c for c in table_slice.columns or _columns(connection, table_slice) if c != _OWN_COLUMN]
        query = sql.SQL("SELECT {} FROM {} WHERE organization_id = warehouse.current_organization()").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), _table(table_slice)
        )
        column, first, last = _days(table_slice)
        if column is not None:
            query += sql.SQL(" AND {} BETWEEN %(first)s AND %(last)s").format(sql.Identifier(column))
        rows = connection.execute(query, {"first": first, "last": last}).fetchall()
        return pd.DataFrame(rows, columns=columns)

    @property
    def supported_types(self) -> Sequence[type[object]]:
        """Frames only."""
        return [pd.DataFrame]


@dg.io_manager(required_resource_keys={"warehouse"}, description="Frames as tables of the warehouse.")
def warehouse_io_manager(context: dg.InitResourceContext) -> DbIOManager:
    """Replaces the run's partitions of ``schema.table`` atomically; loads them as frames."""
    return DbIOManager(
        type_handlers=[FrameHandler()],
        db_client=WarehouseClient(context.resources.warehouse),
        database="",
        io_manager_name="WarehouseIOManager",
    )


def _table(table_slice: TableSlice) -> "sql.Identifier":
    from psycopg import sql

    return sql.Identifier(table_slice.schema, table_slice.table)


def _columns(connection: "Connection[Any]", table_slice: TableSlice) -> list[str]:
    from psycopg import sql

    cursor = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(_table(table_slice)))
    return [column.name for column in cursor.description or ()]


def _days(table_slice: TableSlice) -> tuple[str | None, date | None, date | None]:
    """Day column and first and last day of the slice; all None for a whole table."""
    if not table_slice.partition_dimensions:
        return None, None, None
    dimension = table_slice.partition_dimensions[0]
    window: Any = dimension.partitions
    # The window's end is the start of the next production day.
    return dimension.partition_expr, window.start.date(), window.end.date() - timedelta(days=1)
