"""Bulk loading of Arrow tables by binary COPY, a column at a time: an order of magnitude less work than row by row.

A row of the COPY stream is a sequence of fields, each a 4-byte length and its bytes. Lengths and fixed-width values of
neighbouring columns are laid out by numpy as one block; texts are spliced between the blocks by one Arrow kernel.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql
from psycopg.copy import Copy, QueuedLibpqWriter

_NULL = -1
_EPOCH_DAYS = 10_957  # 1970-01-01 to 2000-01-01, where PostgreSQL counts from
_EPOCH_US = _EPOCH_DAYS * 86_400_000_000
_TIMESTAMPTZ = pa.timestamp("us", tz="UTC")

# Arrow type -> (how numpy writes the value, shift to PostgreSQL's epoch, the column types that read it)
_FIXED: dict[pa.DataType, tuple[str, int, frozenset[str]]] = {
    pa.bool_(): ("u1", 0, frozenset({"bool"})),
    pa.int16(): (">i2", 0, frozenset({"int2"})),
    pa.int32(): (">i4", 0, frozenset({"int4"})),
    pa.int64(): (">i8", 0, frozenset({"int8"})),
    pa.float64(): (">f8", 0, frozenset({"float8"})),
    pa.date32(): (">i4", -_EPOCH_DAYS, frozenset({"date"})),
    _TIMESTAMPTZ: (">i8", -_EPOCH_US, frozenset({"timestamptz"})),
    pa.binary(16): ("V16", 0, frozenset({"uuid"})),
}
_TEXT = {pa.string(), pa.large_string(), pa.string_view()}
_TEXT_COLUMNS = frozenset({"text", "varchar", "bpchar", "name"})


class ArrowCopy:
    """One COPY under way: ``write`` tables of the announced schema, as many as there are."""

    def __init__(self, copy: Copy, schema: pa.Schema, constants: Mapping[str, pa.Scalar]) -> None:
        self._copy = copy
        self._schema = schema
        self._tail = b"".join(_field(scalar) for scalar in constants.values())
        self._head = (len(schema) + len(constants)).to_bytes(2, "big")
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Sends the rows of ``table``; returns before the server has stored them.

        Raises:
            TypeError: when the table has another schema than the one announced.
        """
        if not table.schema.equals(self._schema):
            raise TypeError(f"COPY was opened for {self._schema.names} with their types, not for {table.schema}")
        if table.num_rows:
            self._copy.write(encode_rows(table, self._head, self._tail))
            self.rows += table.num_rows


@contextmanager
def copy_arrow(
    conn: Connection[Any], table: sql.Identifier, schema: pa.Schema, constants: Mapping[str, pa.Scalar] | None = None
) -> Iterator[ArrowCopy]:
    """Opens a COPY into the columns of ``schema`` plus ``constants`` (one value for all), in the caller's transaction.

    The bytes leave in a thread of their own, so that the next rows can be made ready while the server stores these.

    Raises:
        TypeError: when a column's type in the table is not the one its Arrow type is written as.
        psycopg.errors.UndefinedColumn: when the table lacks a column.
    """
    constants = constants or {}
    names = [*schema.names, *constants]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with conn.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {} FROM {} LIMIT 0").format(columns, table))
        found = [_type_name(conn, column.type_code) for column in cursor.description or ()]
        for name, arrow_type, column_type in zip(
            names, [*schema.types, *(c.type for c in constants.values())], found, strict=True
        ):
            _check_type(name, arrow_type, column_type)
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, columns)
        with cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
            copy.write(_SIGNATURE)
            yield ArrowCopy(copy, schema, constants)
            copy.write(_END)


_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


def encode_rows(table: pa.Table, head: bytes, tail: bytes) -> memoryview:
    """The rows of ``table`` in COPY's binary format, each with ``head`` before and ``tail`` after its fields."""
    parts: list[Any] = [pa.scalar(head, pa.large_binary())]
    block: list[tuple[str, Any]] = []  # fixed-width fields waiting to be written side by side
    for column in table.columns:
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        lengths, payload = _fixed_field(array) if array.type in _FIXED else _text_field(array)
        block.append((">i4", lengths))
        if isinstance(payload, np.ndarray):
            block.append((payload.dtype.str, payload))
        elif payload is not None:
            parts += [_as_binary(block, table.num_rows), payload]
            block = []
    if block:
        parts.append(_as_binary(block, table.num_rows))
    parts.append(pa.scalar(tail, pa.large_binary()))
    joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary()))
    _, offsets, data = joined.buffers()
    end = int(np.frombuffer(offsets, np.int64)[joined.offset + len(joined)])
    start = int(np.frombuffer(offsets, np.int64)[joined.offset])
    return memoryview(data)[start:end]


def _fixed_field(array: pa.Array) -> tuple[Any, Any]:
    """Length (one for all, or one a row) and bytes of a fixed-width column; no bytes where every value is NULL."""
    if array.null_count == len(array):
        return _NULL, None
    values = _numpy_values(array)
    width = values.dtype.itemsize
    if not array.null_count:
        return width, values
    valid = array.is_valid()
    payload = pc.if_else(valid, _as_binary([(values.dtype.str, values)], len(array)), pa.scalar(b"", pa.large_binary()))
    return np.where(valid.to_numpy(zero_copy_only=False), width, _NULL), payload


def _numpy_values(array: pa.Array) -> Any:
    layout, shift, _ = _FIXED[array.type]
    if array.type == pa.binary(16):
        return np.frombuffer(array.buffers()[1], dtype=layout)[array.offset : array.offset + len(array)]
    if array.type == pa.bool_():
        array = array.cast(pa.uint8())
    elif array.type == pa.date32():
        array = array.cast(pa.int32())
    elif array.type == _TIMESTAMPTZ:
        array = array.cast(pa.int64())
    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    return (values + shift if shift else values).astype(layout)


def _text_field(array: pa.Array) -> tuple[Any, Any]:
    """Length in bytes of each text (-1 for NULL), and the texts."""
    payload = array.cast(pa.large_string()).cast(pa.large_binary())
    lengths = pc.fill_null(pc.binary_length(payload), _NULL).to_numpy()
    return lengths, payload.fill_null(b"")


def _as_binary(block: list[tuple[str, Any]], rows: int) -> pa.Array:
    """Fields side by side as one binary value a row."""
    packed = np.empty(rows, dtype=[(f"f{i}", layout) for i, (layout, _) in enumerate(block)])
    for i, (_, values) in enumerate(block):
        packed[f"f{i}"] = values
    offsets = np.arange(rows + 1, dtype=np.int64) * packed.dtype.itemsize
    return pa.Array.from_buffers(pa.large_binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(packed)])


def _field(scalar: pa.Scalar) -> bytes:
    """One value as a COPY field."""
    one = pa.table({"value": pa.array([scalar.as_py()], scalar.type)})
    return bytes(encode_rows(one, b"", b""))


def _type_name(conn: Connection[Any], oid: int) -> str:
    known = conn.adapters.types.get(oid)
    return known.name if known is not None else f"type {oid}"


def _check_type(name: str, arrow_type: pa.DataType, column_type: str) -> None:
    accepted = _TEXT_COLUMNS if arrow_type in _TEXT else _FIXED[arrow_type][2] if arrow_type in _FIXED else frozenset()
    if column_type not in accepted:
        raise TypeError(f"column {name} is {column_type} in the table: Arrow's {arrow_type} cannot be copied into it")
