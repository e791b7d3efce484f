"""COPY of Arrow tables: every type and every NULL arrives as sent, and a wrong type is refused before it does harm."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from factory_pipelines.warehouse.arrow_copy import copy_arrow
from factory_pipelines.warehouse.pool import Warehouse

NOON = datetime(2025, 9, 12, 12, 0, 0, 123456, tzinfo=UTC)
TYPES: dict[str, tuple[pa.DataType, str, st.SearchStrategy[Any]]] = {
    "flag": (pa.bool_(), "boolean", st.booleans()),
    "small": (pa.int16(), "smallint", st.integers(-(2**15), 2**15 - 1)),
    "whole": (pa.int32(), "integer", st.integers(-(2**31), 2**31 - 1)),
    "big": (pa.int64(), "bigint", st.integers(-(2**63), 2**63 - 1)),
    "real": (pa.float64(), "double precision", st.floats(allow_nan=False)),
    "day": (pa.date32(), "date", st.dates()),
    "moment": (pa.timestamp("us", tz="UTC"), "timestamptz", st.datetimes(timezones=st.just(UTC))),
    "words": (pa.string(), "text", st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    "more_words": (pa.large_string(), "varchar", st.text(st.characters(exclude_characters="\0", codec="utf-8"))),
    "id": (pa.binary(16), "uuid", st.uuids().map(lambda value: value.bytes)),
}
SCHEMA = pa.schema([(name, arrow_type) for name, (arrow_type, _, _) in TYPES.items()])
THINGS = sql.Identifier("things")


def make_table(conn: psycopg.Connection[Any]) -> None:
    columns = sql.SQL(", ").join(
        sql.SQL("{} " + declared).format(sql.Identifier(name))
        for name, (_, declared, _) in TYPES.items()  # type: ignore[arg-type]
    )
    conn.execute(sql.SQL("CREATE TEMPORARY TABLE things (n bigint, note text, at timestamptz, {})").format(columns))


def rows_of(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    names = sql.SQL(", ").join(map(sql.Identifier, TYPES))
    found = conn.execute(sql.SQL("SELECT {} FROM things ORDER BY ctid").format(names)).fetchall()
    plain = [dict(zip(TYPES, values, strict=True)) for values in found]
    return [{**each, "id": each["id"].bytes if each["id"] else None} for each in plain]


_row = st.fixed_dictionaries({name: st.none() | values for name, (_, _, values) in TYPES.items()})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_row, max_size=12), cut=st.integers(0, 12))
def test_round_trip(warehouse: Warehouse, rows: list[dict[str, Any]], cut: int) -> None:
    whole = pa.Table.from_pylist(rows, SCHEMA)
    with warehouse.transaction() as conn:
        make_table(conn)
        with copy_arrow(conn, THINGS, SCHEMA) as copy:
            copy.write(whole.slice(0, cut))
            copy.write(whole.slice(cut))
        assert copy.rows == len(rows)
        assert rows_of(conn) == rows
        conn.rollback()


def test_constants_stand_in_every_row(warehouse: Warehouse) -> None:
    constants = {
        "note": pa.scalar("päll", pa.string()),
        "at": pa.scalar(NOON, TYPES["moment"][0]),
        "n": pa.scalar(None, pa.int64()),
    }
    with warehouse.transaction() as conn:
        make_table(conn)
        with copy_arrow(conn, THINGS, pa.schema([("whole", pa.int32())]), constants) as copy:
            copy.write(pa.table({"whole": pa.array([1, 2], pa.int32())}))
        assert conn.execute("SELECT whole, note, at, n FROM things").fetchall() == [
            (1, "päll", NOON, None),
            (2, "päll", NOON, None),
        ]


def test_a_table_larger_than_any_buffer(warehouse: Warehouse) -> None:
    schema = pa.schema([("big", pa.int64()), ("words", pa.string())])
    with warehouse.transaction() as conn:
        make_table(conn)
        with copy_arrow(conn, THINGS, schema) as copy:
            for start in range(0, 100_000, 20_000):
                numbers = list(range(start, start + 20_000))
                copy.write(pa.table([pa.array(numbers), pa.array([f"row {n}" * 5 for n in numbers])], schema=schema))
        found = conn.execute("SELECT count(*), sum(big), sum(length(words)) FROM things").fetchone()
        assert found == (100_000, 4_999_950_000, sum(len(f"row {n}") * 5 for n in range(100_000)))


@pytest.mark.parametrize(
    ("name", "arrow_type"), [("big", pa.int32()), ("real", pa.int64()), ("words", pa.binary()), ("whole", pa.float64())]
)
def test_a_wrong_type_is_refused_before_anything_is_sent(
    warehouse: Warehouse, name: str, arrow_type: pa.DataType
) -> None:
    with warehouse.transaction() as conn:
        make_table(conn)
        with (
            pytest.raises(TypeError, match=f"column {name} is "),
            copy_arrow(conn, THINGS, pa.schema([(name, arrow_type)])),
        ):
            pytest.fail("opened")
        assert conn.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_another_schema_than_announced_is_refused_and_nothing_arrives(warehouse: Warehouse) -> None:
    with warehouse.transaction() as conn:
        make_table(conn)
        conn.execute("SAVEPOINT before")
        with pytest.raises(TypeError, match="COPY was opened for"), copy_arrow(conn, THINGS, SCHEMA) as copy:
            copy.write(pa.table({"whole": pa.array([1], pa.int32())}))
        conn.execute("ROLLBACK TO before")
        assert conn.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_uuid_constant(warehouse: Warehouse) -> None:
    mine = UUID("33333333-3333-3333-3333-333333333333")
    with warehouse.transaction() as conn:
        make_table(conn)
        with copy_arrow(
            conn, THINGS, pa.schema([("big", pa.int64())]), {"id": pa.scalar(mine.bytes, pa.binary(16))}
        ) as copy:
            copy.write(pa.table({"big": [1]}))
        assert conn.execute("SELECT id FROM things").fetchone() == (mine,)
