"""What a pull costs beside the bare minimum, as ratios measured in one run on one machine.

``python -m benchmarks.rtms_pull`` prints them; ``BENCH_ROWS`` (default 500000) sets the size. The ODBC driver is
SQLite's.
"""

import csv
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg import sql

from benchmarks.harness import entry, in_turns, own_server, seconds
from factory_pipelines.production.ingest import PRODUCTION_TABLE, pull_day
from factory_pipelines.production.landing import Stamp
from factory_pipelines.production.rtms import RTMS_COLUMNS, RtmsSource
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.production.rtms_mssql import MssqlRtms, production_statement, sqlite_dialect
from factory_pipelines.production.schema import judge_production, warehouse_schema
from factory_pipelines.settings import RtmsSettings
from factory_pipelines.warehouse.arrow_copy import copy_arrow
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse

ROWS = int(os.environ.get("BENCH_ROWS", "500000"))
DAY = date(2025, 9, 12)
NOW = datetime(2025, 9, 12, 12, tzinfo=UTC)

_NUMBERS = {"SAM": "float", "EffPer": "float", "UsedMin": "float", "EffPer100": "float", "EffPer75": "float"}
_COUNTS = ("Eff100", "Eff75", "ProdnPcs", "OperSeq", "PartSeq", "RowId", "Operationseq", "PartsSeq", "IsRedFlag")
_TYPES = {
    **_NUMBERS,
    **dict.fromkeys(_COUNTS, "integer"),
    **{f"S{n:02d}": "integer" for n in range(1, 13)},
    "TranDate": "date",
}


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with tempfile.TemporaryDirectory(prefix="bench-rows-") as folder, own_server() as open_database:
        return [
            odbc_against_bare_fetch(Path(folder), open_database("odbc")),
            csv_against_bare_copy(Path(folder), open_database("csv")),
            history_ten_against_thousand_days(open_database("ten_days"), open_database("thousand_days")),
        ]


def odbc_against_bare_fetch(folder: Path, warehouse: Warehouse) -> dict[str, Any]:
    """A pull of ``ROWS`` rows through ODBC into an empty day, against fetching the same query and dropping the rows."""
    import pyodbc

    database = folder / "rtms.db"
    _write_sqlite(database, ROWS)
    address = f"DRIVER=SQLite3;DATABASE={database}"
    settings = RtmsSettings.model_validate({"source": "mssql", "odbc": address})
    statement = production_statement(settings, sqlite_dialect(), DAY)

    def bare() -> None:
        connection = pyodbc.connect(address, autocommit=True)
        cursor = connection.execute(statement.text, *statement.parameters)
        fetched = 0
        while rows := cursor.fetchmany(settings.batch_rows):
            fetched += len(rows)
        connection.close()
        assert fetched == ROWS

    processor_s: dict[str, list[float]] = {"bare": [], "pull": []}

    def accounted(name: str, action: Callable[[], None]) -> Callable[[], None]:
        def measured() -> None:
            before = time.process_time()
            action()
            processor_s[name].append(time.process_time() - before)

        return measured

    bare_s, pull_s = in_turns(
        accounted("bare", bare),
        accounted("pull", lambda: _pull(warehouse, MssqlRtms(settings))),
        before_second=lambda: _empty(warehouse),
        rounds=5,
    )
    # A busy machine stretches the pull more than the fetch, because the database wants a core too: show the work too.
    work = f"this process computed for {min(processor_s['pull']):.2f} and {min(processor_s['bare']):.2f} s"
    detail = f"{ROWS:,} rows: pull {pull_s:.2f} s, bare fetchmany {bare_s:.2f} s; {work}"
    return entry("rtms_pull_odbc", pull_s / bare_s, 1.5, detail)


def csv_against_bare_copy(folder: Path, warehouse: Warehouse) -> dict[str, Any]:
    """A pull of ``ROWS`` rows from CSV, against a binary COPY of the same rows from memory into the same table."""
    exports = folder / "exports"
    exports.mkdir()
    with (exports / "session_wise_production.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(RTMS_COLUMNS)
        writer.writerows(_rows(ROWS))
    batches = [judge_production(batch, DAY).accepted for batch in CsvRtms(exports).production(DAY)]
    constants = Stamp("bench", NOW, warehouse.organization_id, 1).constants(PRODUCTION_TABLE.stamps)
    target = PRODUCTION_TABLE.identifier

    def columnwise() -> None:
        with (
            warehouse.transaction() as conn,
            copy_arrow(conn, target, warehouse_schema(PRODUCTION_TABLE.fields), constants) as copy,
        ):
            for batch in batches:
                copy.write(batch)

    tuples = [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
    stamps = ("bench", 1, NOW)
    names = [*PRODUCTION_TABLE.values, *PRODUCTION_TABLE.stamps]

    def rowwise() -> None:
        with warehouse.transaction() as conn:
            copy_rows(conn, target, names, ((*row, *stamps) for row in tuples))

    def empty() -> None:
        _empty(warehouse)

    copy_s, pull_s = in_turns(
        columnwise, lambda: _pull(warehouse, CsvRtms(exports)), before_first=empty, before_second=empty
    )
    empty()
    rowwise_s = seconds(rowwise)
    empty()
    detail = f"{ROWS:,} rows: pull {pull_s:.2f} s, our COPY {copy_s:.2f} s, psycopg's COPY by rows {rowwise_s:.2f} s"
    return entry("rtms_pull_csv", pull_s / copy_s, 3.0, detail)


def history_ten_against_thousand_days(
    short: Warehouse, long: Warehouse, rows_a_day: int | None = None
) -> dict[str, Any]:
    """The ten-minute pull of a day, beside 10 and beside 1,000 days of history."""
    rows_a_day = rows_a_day or max(100, ROWS // 500)
    for warehouse, days in ((short, 10), (long, 1000)):
        _grow_history(warehouse, days, rows_a_day)
    changing = _ChangingDay(rows_a_day)
    short_s, long_s = in_turns(
        lambda: _pull(short, changing), lambda: _pull(long, changing), before_first=changing.advance, rounds=25
    )
    detail = f"{rows_a_day:,} rows a day: {long_s * 1000:.0f} ms beside 1,000 days, {short_s * 1000:.0f} ms beside 10"
    return entry("rtms_pull_history", long_s / short_s, 1.2, detail)


class _ChangingDay:
    """One day in memory whose pieces grow for every tenth row at each pull; its own reading costs nothing."""

    name = "bench"

    def __init__(self, rows: int) -> None:
        frame = pd.DataFrame(_rows(rows), columns=list(RTMS_COLUMNS))
        self._table = pa.Table.from_pandas(frame, preserve_index=False)

    def production(self, day: date) -> Iterator[pa.Table]:
        yield self._table

    def supervisors(self) -> pa.Table:
        raise NotImplementedError("the benchmark pulls production only")

    def advance(self) -> None:
        at = self._table.schema.get_field_index("ProdnPcs")
        pieces = [count + (1 if i % 10 == 0 else 0) for i, count in enumerate(self._table["ProdnPcs"].to_pylist())]
        self._table = self._table.set_column(at, "ProdnPcs", pa.array(pieces))


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows shaped like RTMS': few lines and styles, hundreds of people, devices and operations."""
    for i in range(count):
        person, operation, line = i % 337, i % 197, i % 6
        pieces = i * 7 % 700
        sessions = [pieces // 6 + (i + n) % 5 if n < 6 else 0 for n in range(12)]
        code = None if person % 20 == 0 else f"{450000 + person}"
        yield (
            *(
                f"T{line + 1}-1",
                code,
                f"Person {person:03d}",
                f"RT{i % 352:06d}",
                f"STYLE 000{line}-AW30",
                f"90000{line}",
            ),
            *(f"Sew Part Number {operation}", 0.19 + operation % 41 / 100, 300 + i % 1100, None, pieces),
            *(float(i % 92), i % 40, float(60 * (1 + i % 6)), *sessions, DAY.isoformat(), "U9", f"Part {i % 10}"),
            *(
                "FLOOR-9",
                "RTM$",
                i % 10,
                i % 359 / 3.7,
                0.0,
                i + 1,
                None,
                None,
                f"A{operation:05d}-Sew Part Number {operation}",
            ),
            *("BUYER", "Y" if i % 8 == 0 else "N", "Y" if i % 31 == 0 else "N", i % 2),
        )


def _write_sqlite(path: Path, count: int) -> None:
    columns = ", ".join(f'"{name}" {_TYPES.get(name, "varchar(100)")}' for name in RTMS_COLUMNS)
    with sqlite3.connect(path) as connection:
        connection.execute(f'CREATE TABLE "RTMS_SessionWiseProduction" ({columns})')
        marks = ", ".join("?" * len(RTMS_COLUMNS))
        connection.executemany(f'INSERT INTO "RTMS_SessionWiseProduction" VALUES ({marks})', _rows(count))  # noqa: S608
    connection.close()


def _grow_history(warehouse: Warehouse, days: int, rows_a_day: int) -> None:
    """``days`` days up to and including ``DAY``, copies of one."""
    _pull(warehouse, _ChangingDay(rows_a_day))
    names = [name for name in [*PRODUCTION_TABLE.values, *PRODUCTION_TABLE.stamps] if name != "production_day"]
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    copy_days = sql.SQL(
        "INSERT INTO {table} (production_day, {columns}) SELECT d::date, {columns} FROM {table}, "
        "generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d WHERE production_day = %(day)s"
    ).format(table=PRODUCTION_TABLE.identifier, columns=listed)
    warehouse.execute(copy_days, {"first": DAY - timedelta(days=days - 1), "last": DAY - timedelta(days=1), "day": DAY})
    warehouse.execute(sql.SQL("CHECKPOINT"))


def _pull(warehouse: Warehouse, source: RtmsSource) -> None:
    pull_day(warehouse, source, DAY, now=datetime.now(UTC))


def _empty(warehouse: Warehouse) -> None:
    warehouse.execute(sql.SQL("TRUNCATE {}").format(PRODUCTION_TABLE.identifier))
    warehouse.execute(sql.SQL("CHECKPOINT"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
