"""Bulk loading by binary COPY, typed by the table that receives it."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from psycopg import Connection, DataError, sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    import pandas as pd

_JSONB_OID = 3802
_INTEGER_BITS = {21: 16, 23: 32, 20: 64}  # by type: smallint, integer, bigint


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
            for row in _fitted(rows, columns, types):
                try:
                    copy.write_row(row)
                except (TypeError, ValueError, AttributeError) as error:
                    raise DataError(f"row {count + 1} does not fit the columns' types: {error}") from error
                count += 1
    return count


def _fitted(rows: Iterable[Sequence[Any]], columns: Sequence[str], types: Sequence[int]) -> Iterable[Sequence[Any]]:
    """What psycopg does not do by itself: jsonb from dicts and lists, and integers within their type's bounds."""
    fits: dict[int, Callable[[Any], Any]] = {}
    limits: list[tuple[int, int]] = []
    for place, (name, oid) in enumerate(zip(columns, types, strict=True)):
        if oid == _JSONB_OID:
            fits[place] = Jsonb
        elif oid in _INTEGER_BITS:
            limits.append((place, 2 ** (_INTEGER_BITS[oid] - 1)))
            fits[place] = partial(_whole, name=name, limit=limits[-1][1])
    if not fits:
        yield from rows
        return
    has_jsonb = len(fits) > len(limits)
    for row in rows:
        # Nearly all rows hold plain integers: looking costs a tenth of copying the row and converting each.
        if not has_jsonb and _is_whole(row, limits):
            yield row
            continue
        fitted = list(row)
        for place, fit in fits.items():
            if fitted[place] is not None:
                fitted[place] = fit(fitted[place])
        yield fitted


def _is_whole(row: Sequence[Any], limits: Sequence[tuple[int, int]]) -> bool:
    for place, limit in limits:
        value = row[place]
        if value is not None and (type(value) is not int or not -limit <= value < limit):
            return False
    return True


def _whole(value: Any, *, name: str, limit: int) -> int:
    """``value`` as the integer it is: a column with a gap is made of floats; binary COPY would cut off high bits."""
    if type(value) is int and -limit <= value < limit:
        return value
    if isinstance(value, Real) and math.isfinite(value):
        whole = int(float(value)) if not isinstance(value, Integral) else int(value)
        if whole == value and -limit <= whole < limit:
            return whole
    raise DataError(f"{name}: {value!r} is no whole number that fits the column")


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
