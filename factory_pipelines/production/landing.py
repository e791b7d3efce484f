"""How a pull lands in a raw table: bulk copy, repeats settled, one merge, refused rows to quarantine.

Everything happens in the caller's transaction, so a reader sees the slice (a production day, or all supervisors) as it
was or as RTMS has it now, and nothing between. A slice without rows takes the copy directly; otherwise rows are staged
and merged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql

from factory_pipelines.production.cleaning import Field
from factory_pipelines.production.schema import Judged, Refused, conflicting, warehouse_schema
from factory_pipelines.warehouse.arrow_copy import copy_arrow
from factory_pipelines.warehouse.queries import load_sql

MAX_REFUSED = 20_000
"""More than this is no dirt: the source is not the table it should be."""

_STAGING = sql.Identifier("pulled")
_REPEATED = sql.Identifier("repeated")


class TooManyRefusedError(ValueError):
    """Nearly everything is refused; the message ends with the most recent reason."""


@dataclass(frozen=True)
class RawTable:
    """One table of schema ``rtms`` and what makes a row of it.

    Attributes:
        name: table name.
        fields: the contract's columns.
        identity: columns that name a row within a slice.
        slice_column: the column a slice is cut by; None when the table is one slice.
        stamps: what the pull adds to every row.
    """

    name: str
    fields: tuple[Field, ...]
    identity: tuple[str, ...]
    slice_column: str | None
    stamps: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """The table in SQL."""
        return sql.Identifier("rtms", self.name)

    @property
    def values(self) -> list[str]:
        """The contract's columns by name."""
        return [field.column for field in self.fields]

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key."""
        return ("organization_id", *((self.slice_column,) if self.slice_column else ()), *self.identity)


@dataclass(frozen=True)
class Stamp:
    """What a pull writes into each of its rows."""

    source: str
    pulled_at: datetime
    organization_id: UUID
    pull_id: int | None = None

    def constants(self, names: Iterable[str]) -> dict[str, pa.Scalar]:
        """Arrow values of ``names``, and of the organization."""
        known = {
            "source": pa.scalar(self.source, pa.string()),
            "pull_id": pa.scalar(self.pull_id, pa.int64()),
            "ingested_at": pa.scalar(self.pulled_at, pa.timestamp("us", tz="UTC")),
        }
        organization = pa.scalar(self.organization_id.bytes, pa.binary(16))
        return {**{name: known[name] for name in names}, "organization_id": organization}


@dataclass
class Landed:
    """Row counts; read = accepted + refused + collapsed."""

    read: int = 0
    accepted: int = 0
    refused: int = 0
    collapsed: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def as_columns(self) -> dict[str, int]:
        """The counts by their names in ``rtms.pulls``."""
        return {f"rows_{name}": count for name, count in asdict(self).items()}


class Landing:
    """One pull on its way into one slice of one table."""

    def __init__(self, conn: Connection[Any], table: RawTable, slice_value: date | None, stamp: Stamp) -> None:
        """``conn`` is in the transaction that holds the slice's lock."""
        self._conn = conn
        self._table = table
        self._stamp = stamp
        self._slice = {"slice": slice_value}
        self._refused: list[Refused] = []
        self._repeats: list[pa.Table] = []
        self._seen: set[Any] = set()
        self.counts = Landed()
        row = self._run("slice_has_rows", target=table.identifier, kept_in_slice=self._in_slice("kept")).fetchone()
        self.slice_had_rows = bool(row and row[0])
        self._conn.execute(load_sql("rtms/plan_merge"))
        self._staging = _STAGING if self.slice_had_rows else table.identifier

    def load(self, batches: Iterable[Judged]) -> None:
        """Copies accepted rows and collects the others, batch by batch as they come.

        Raises:
            TooManyRefusedError: beyond ``MAX_REFUSED``.
        """
        if self.slice_had_rows:
            self._run("stage", staging=_STAGING, target=self._table.identifier)
        with self._copy_into(self._staging) as copy:
            for batch in batches:
                self.counts.read += batch.accepted.num_rows + len(batch.refused)
                self._refuse(batch.refused)
                copy.write(self._first_ones(batch.accepted))
        self.counts.accepted = copy.rows
        self._settle_repeats()

    def merge(self) -> None:
        """Makes the slice equal to what was loaded, touching only rows that differ."""
        if not self.slice_had_rows:
            self.counts.inserted = self.counts.accepted
            return
        names = self._names()
        self.counts.deleted = self._run("delete_vanished", **names).rowcount
        self.counts.updated = self._run("update_changed", **names).rowcount
        self.counts.inserted = self._run("insert_new", **names).rowcount

    def quarantine(self) -> None:
        """Remembers the refused rows."""
        if not self._refused:
            return
        rows = [
            {
                "table_name": self._table.name,
                "production_day": refused.production_day,
                "reasons": refused.reasons,
                "row_json": refused.row_json,
                "row_hash": refused.row_hash,
                "source": self._stamp.source,
                "pull_id": self._stamp.pull_id,
                "seen_at": self._stamp.pulled_at,
            }
            for refused in self._refused
        ]
        with self._conn.cursor() as cursor:
            cursor.executemany(load_sql("rtms/quarantine_row"), rows)

    @property
    def example_reason(self) -> str | None:
        """Why the last refused row was refused."""
        return self._refused[-1].reasons[0] if self._refused else None

    def _refuse(self, refused: Sequence[Refused]) -> None:
        self._refused += refused
        self.counts.refused += len(refused)
        if len(self._refused) > MAX_REFUSED:
            raise TooManyRefusedError(f"more than {MAX_REFUSED:,} rows refused, for example: {self.example_reason}")

    def _first_ones(self, accepted: pa.Table) -> pa.Table:
        """``accepted`` without rows whose key this pull has brought before; those wait for ``_settle_repeats``."""
        columns = [accepted[name].to_pylist() for name in self._table.identity]
        keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        before = len(self._seen)
        if self._seen.isdisjoint(keys):
            self._seen.update(keys)
            if len(self._seen) == before + len(keys):
                return accepted
            self._seen.difference_update(keys)
        first = []
        for key in keys:
            first.append(key not in self._seen)
            self._seen.add(key)
        mask = pa.array(first)
        self._repeats.append(accepted.filter(pc.invert(mask)))
        return accepted.filter(mask)

    def _settle_repeats(self) -> None:
        """Identical repeats collapse into one row; where they differ, all rows of that key are refused."""
        if not self._repeats:
            return
        self._run("stage", staging=_REPEATED, target=self._table.identifier)
        with self._copy_into(_REPEATED) as copy:
            for repeats in self._repeats:
                copy.write(repeats)
        rows = self._run("take_conflicts", **self._names()).fetchall()
        refused = conflicting(self._table.fields, self._table.identity, rows)
        groups = {tuple(row[self._table.values.index(name)] for name in self._table.identity) for row in rows}
        self._refuse(refused)
        self.counts.accepted -= len(groups)
        self.counts.collapsed = copy.rows - (len(rows) - len(groups))

    def _copy_into(self, table: sql.Identifier) -> Any:
        constants = self._stamp.constants(self._table.stamps)
        return copy_arrow(self._conn, table, warehouse_schema(self._table.fields), constants)

    def _names(self) -> dict[str, sql.Composable]:
        table = self._table
        return {
            "target": table.identifier,
            "staging": self._staging,
            "kept_in_slice": self._in_slice("kept"),
            "pulled_in_slice": self._in_slice("pulled"),
            "values": _listed(None, table.values),
            "kept_values": _listed("kept", table.values),
            "pulled_values": _listed("pulled", table.values),
            "again_values": _listed("again", table.values),
            "stamps": _listed(None, table.stamps),
            "pulled_stamps": _listed("pulled", table.stamps),
            "again_key": _listed("again", table.key),
            "kept_is_pulled": _equal("kept", "pulled", table.key),
            "again_is_pulled": _equal("again", "pulled", table.key),
        }

    def _in_slice(self, alias: str) -> sql.Composable:
        organization = sql.SQL("{} = warehouse.current_organization()").format(sql.Identifier(alias, "organization_id"))
        if self._table.slice_column is None:
            return organization
        return sql.SQL("{} AND {} = %(slice)s").format(organization, sql.Identifier(alias, self._table.slice_column))

    def _run(self, name: str, **parts: sql.Composable) -> Any:
        return self._conn.execute(sql.SQL(load_sql(f"rtms/{name}")).format(**parts), self._slice)


def _listed(alias: str | None, columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*([alias] if alias else []), column) for column in columns)


def _equal(left: str, right: str, columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, column), sql.Identifier(right, column)) for column in columns
    )
