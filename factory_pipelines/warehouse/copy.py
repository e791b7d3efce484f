"""Bulk loading by binary COPY, typed by the table that receives it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    import pandas as pd

_JSONB_OID = 3802


def copy_rows(
    conn: Connection[Any], table: sql.Identifier, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Copies ``rows`` into ``columns`` of ``table`` within the caller's transaction; returns how many.

    Raises:
        psycopg.errors.UndefinedColumn: when the table lacks a column.
        psycopg.DataError: when a value does not fit its column's type.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with conn.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {} LIMIT 0").format(names, table))
        types = [column.type_code for column in cursor.description or ()]
        count = 0
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, names)) as copy:
            copy.set_types(types)
            for row in _with_json(rows, types):
                copy.write_row(row)
                count += 1
    return count


def _with_json(rows: Iterable[Sequence[Any]], types: Sequence[int]) -> Iterable[Sequence[Any]]:
    """Wraps the values of jsonb columns, which psycopg does not guess from a dict or a list."""
    places = [i for i, oid in enumerate(types) if oid == _JSONB_OID]
    if not places:
        return rows
    return (
        [Jsonb(value) if i in places and value is not None else value for i, value in enumerate(row)] for row in rows
    )


def copy_frame(conn: Connection[Any], table: sql.Identifier, df: "pd.DataFrame") -> int:
    """Copies a frame into the columns of the same names; NaN, NaT and NA become NULL."""
    return copy_rows(conn, table, list(df.columns), frame_rows(df))


def frame_rows(df: "pd.DataFrame") -> Iterable[tuple[Any, ...]]:
    """The frame's rows as tuples of plain Python values, None where unknown."""
    columns = [_plain(df[name]) for name in df.columns]
    return zip(*columns, strict=True)


def _plain(column: "pd.Series[Any]") -> list[Any]:
    values = column.astype(object)
    return values.where(column.notna(), None).tolist()
