"""Bulk loading: every kind of value arrives as it was, the unknown as NULL, the impossible not at all."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from psycopg import Connection, sql

from factory_pipelines.warehouse.copy import copy_frame, copy_rows
from factory_pipelines.warehouse.pool import Warehouse

TARGET = sql.Identifier("target")
COLUMNS = {
    "row_no": "int NOT NULL",
    "pieces": "integer",
    "row_id": "bigint",
    "share": "float8",
    "name": "text",
    "is_final": "boolean",
    "day": "date",
    "at": "timestamptz",
    "facts": "jsonb",
    "reasons": "text[]",
}


@contextmanager
def target(warehouse: Warehouse, *columns: str) -> Iterator[Connection[Any]]:
    """A table with some of the columns, gone with the transaction."""
    wanted = {name: COLUMNS[name] for name in columns} if columns else COLUMNS
    definition = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in wanted.items()
    )
    with warehouse.transaction() as conn:
        conn.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(TARGET, definition))
        yield conn


def content(conn: Connection[Any]) -> list[tuple[Any, ...]]:
    # Unprepared: each test has another table of this name.
    return conn.execute(sql.SQL("SELECT * FROM {}").format(TARGET), prepare=False).fetchall()


texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
rows = st.tuples(
    st.integers(-(2**31), 2**31 - 1) | st.none(),
    st.integers(-(2**53), 2**53) | st.sampled_from([-(2**63), 2**63 - 1]) | st.none(),
    st.floats(allow_nan=False) | st.none(),
    texts | st.none(),
    st.booleans() | st.none(),
    st.dates(date(1900, 1, 1), date(2200, 1, 1)) | st.none(),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)) | st.none(),  # noqa: DTZ001
    st.dictionaries(st.sampled_from("abc"), json_values, max_size=3) | st.none(),
    st.lists(texts, max_size=3) | st.none(),
)


@given(values=st.lists(rows, max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_is_copied_comes_back_the_same(shared_warehouse: Warehouse, values: list[tuple[Any, ...]]) -> None:
    numbered = [(number, *row) for number, row in enumerate(values)]
    with target(shared_warehouse) as conn:
        assert copy_rows(conn, TARGET, list(COLUMNS), numbered) == len(values)
        assert content(conn) == numbered


@given(values=st.lists(st.tuples(rows.map(lambda r: r[:7])), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_frame_comes_back_the_same(shared_warehouse: Warehouse, values: list[Any]) -> None:
    names = list(COLUMNS)[1:8]
    # A column with a gap may become float64, which holds no larger integer exactly.
    assume(all(row[1] is None or abs(row[1]) <= 2**53 for (row,) in values))
    frame = pd.DataFrame([row for (row,) in values], columns=names)
    with target(shared_warehouse, *names) as conn:
        assert copy_frame(conn, TARGET, frame) == len(values)
        assert content(conn) == [row for (row,) in values]


UNKNOWN = [None, math.nan, pd.NaT, pd.NA, np.nan]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=["None", "nan", "NaT", "NA", "np.nan"])
def test_every_spelling_of_unknown_is_null(shared_warehouse: Warehouse, unknown: object) -> None:
    names = ["pieces", "share", "name", "day", "at", "facts"]
    frame = pd.DataFrame({name: pd.Series([unknown], dtype=object) for name in names})
    with target(shared_warehouse, *names) as conn:
        copy_frame(conn, TARGET, frame)
        assert content(conn) == [(None,) * len(names)]


AT = datetime(2026, 11, 20, 3, 4, 5, 678901, tzinfo=UTC)
SERIES: dict[str, tuple[str, Callable[[], "pd.Series[Any]"], list[Any]]] = {
    "counts with a gap are floats": ("pieces", lambda: pd.Series([1.0, np.nan, 3.0]), [1, None, 3]),
    "nullable integers": ("pieces", lambda: pd.Series([1, None, 3], dtype="Int64"), [1, None, 3]),
    "numpy integers": ("row_id", lambda: pd.Series(np.array([1, 2**40])), [1, 2**40]),
    "numpy values in an object column": ("pieces", lambda: pd.Series([np.int64(4), None], dtype=object), [4, None]),
    "single precision": ("share", lambda: pd.Series(np.array([0.5, np.nan], dtype="float32")), [0.5, None]),
    "integers for a real column": ("share", lambda: pd.Series([1, 2]), [1.0, 2.0]),
    "infinity": ("share", lambda: pd.Series([math.inf, -math.inf]), [math.inf, -math.inf]),
    "nullable booleans": ("is_final", lambda: pd.Series([True, None], dtype="boolean"), [True, None]),
    "pandas strings": ("name", lambda: pd.Series(["ä", None], dtype="str"), ["ä", None]),
    "categories": ("name", lambda: pd.Series(["Good", None], dtype="category"), ["Good", None]),
    "timestamps with a zone": (
        "at",
        lambda: pd.Series([pd.Timestamp(AT).tz_convert("Asia/Kolkata"), pd.NaT]),
        [AT, None],
    ),
    "dates": ("day", lambda: pd.Series([date(2026, 11, 20), None]), [date(2026, 11, 20), None]),
    "midnights for a date column": ("day", lambda: pd.Series(pd.to_datetime(["2026-11-20"])), [date(2026, 11, 20)]),
    "lists for jsonb": ("facts", lambda: pd.Series([["a", 1], None]), [["a", 1], None]),
}


@pytest.mark.parametrize(("column", "series", "wanted"), SERIES.values(), ids=SERIES)
def test_what_pandas_makes_of_a_column_arrives_as_meant(
    shared_warehouse: Warehouse, column: str, series: Callable[[], "pd.Series[Any]"], wanted: list[Any]
) -> None:
    with target(shared_warehouse, column) as conn:
        copy_frame(conn, TARGET, pd.DataFrame({column: series()}))
        assert [value for (value,) in content(conn)] == wanted


IMPOSSIBLE: dict[str, tuple[str, Any]] = {
    "a NUL in a text": ("name", "a\0b"),
    "a NUL in jsonb": ("facts", {"a": "b\0"}),
    "a fraction of a piece": ("pieces", 1.5),
    "a count that is too large": ("pieces", 2**31),
    "a text for a count": ("pieces", "12"),
    "a word for a date": ("day", "Diwali"),
    "an unknown key": ("row_no", None),
}


@pytest.mark.parametrize(("column", "value"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_does_not_fit_is_a_data_error_and_nothing_is_kept(
    shared_warehouse: Warehouse, column: str, value: object
) -> None:
    with pytest.raises((psycopg.DataError, psycopg.IntegrityError)), target(shared_warehouse, column) as conn:
        copy_rows(conn, TARGET, [column], [(value,)])
    assert shared_warehouse.rows(sql.SQL("SELECT 1 AS one")) == [{"one": 1}]


def test_a_column_the_table_lacks_is_named(shared_warehouse: Warehouse) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn, match="piecse"), target(shared_warehouse) as conn:
        copy_frame(conn, TARGET, pd.DataFrame({"piecse": [1]}))


def test_an_empty_frame_copies_nothing(shared_warehouse: Warehouse) -> None:
    with target(shared_warehouse) as conn:
        assert copy_frame(conn, TARGET, pd.DataFrame({"pieces": [], "name": []})) == 0
        assert content(conn) == []


def test_rows_may_come_from_a_stream(shared_warehouse: Warehouse) -> None:
    start = date(2026, 1, 1)
    with target(shared_warehouse, "row_no", "day") as conn:
        stream = ((number, start + timedelta(days=number)) for number in range(5_000))
        assert copy_rows(conn, TARGET, ["row_no", "day"], stream) == 5_000
        assert conn.execute(sql.SQL("SELECT count(DISTINCT day) FROM {}").format(TARGET)).fetchone() == (5_000,)
