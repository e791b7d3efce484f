"""RTMS rows made up for tests, and a source that gives them from memory."""

import csv
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg import sql

from factory_pipelines.production.rtms import RTMS_COLUMNS, SUPERVISOR_COLUMNS
from factory_pipelines.warehouse.pool import Warehouse

DAY = date(2025, 9, 12)
NOON = datetime(2025, 9, 12, 6, 30, tzinfo=UTC)

_SESSIONS = {f"S{n:02d}": 40 if n <= 6 else 0 for n in range(1, 13)}
_ROW: dict[str, Any] = {
    "LineName": "T1-1",
    "EmpCode": "510000",
    "EmpName": "Person 00",
    "DeviceID": "RT900000",
    "StyleNo": "STYLE 0001-AW30",
    "OrderNo": "9000001",
    "Operation": "Hem Cuff",
    "SAM": 0.41,
    "Eff100": 875,
    "Eff75": None,
    "ProdnPcs": 240,
    "EffPer": 27.0,
    "OperSeq": 1,
    "UsedMin": 360.0,
    **_SESSIONS,
    "TranDate": DAY.isoformat(),
    "UnitCode": "U9",
    "PartName": "Cuff Preparation",
    "FloorName": "FLOOR-9",
    "ReptType": "RTM$",
    "PartSeq": 10,
    "EffPer100": 27.43,
    "EffPer75": 0.0,
    "RowId": 1,
    "Operationseq": None,
    "PartsSeq": None,
    "NewOperSeq": "A01000-Hem Cuff",
    "BuyerCode": "BUYER",
    "ISFinPart": "N",
    "ISFinOper": "N",
    "IsRedFlag": 1,
}

# Numbers typed as SQL Server has them; dates as a date.
SQL_TYPES = {
    **dict.fromkeys(("SAM", "EffPer", "UsedMin", "EffPer100", "EffPer75"), "float"),
    **dict.fromkeys(
        ("Eff100", "Eff75", "ProdnPcs", "OperSeq", "PartSeq", "Operationseq", "PartsSeq", "IsRedFlag"), "int"
    ),
    **{f"S{n:02d}": "int" for n in range(1, 13)},
    "RowId": "bigint",
    "TranDate": "date",
}


def row(row_id: int = 1, **changes: Any) -> dict[str, Any]:
    """One clean row, with changes."""
    unknown = set(changes) - set(RTMS_COLUMNS)
    assert not unknown, unknown
    return {**_ROW, "RowId": row_id, **changes}


def table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame of plain objects, as dirty as they come."""
    return pd.DataFrame(list(rows), columns=list(RTMS_COLUMNS), dtype=object)


def supervisor(line: str = "T1-1", part: str = "Cuff Preparation", **changes: Any) -> dict[str, Any]:
    """One clean supervisor, with changes."""
    clean = {"SupervisorName": "Supervisor 01", "SupervisorCode": "SUP001", "PhoneNumber": "+15550100001"}
    return {"LineName": line, "PartName": part, **clean, **changes}


class MemorySource:
    """An RTMS source over lists; ``batches`` may be a function, to fail or wait half-way."""

    name = "memory"

    def __init__(
        self,
        batches: Sequence[pd.DataFrame | pa.Table] | Callable[[], Iterator[pd.DataFrame | pa.Table]],
        supervisors: Sequence[dict[str, Any]] = (),
    ) -> None:
        self._batches = batches
        self._supervisors = supervisors

    def production(self, day: date) -> Iterator[pd.DataFrame | pa.Table]:
        yield from self._batches() if callable(self._batches) else self._batches

    def supervisors(self) -> pd.DataFrame:
        return pd.DataFrame(list(self._supervisors), columns=list(SUPERVISOR_COLUMNS), dtype=object)


def contents(warehouse: Warehouse, name: str, *leave_out: str) -> list[dict[str, Any]]:
    """All rows of ``rtms.<name>``, in a stable order."""
    found = warehouse.rows(sql.SQL("SELECT * FROM rtms.{} AS t ORDER BY t::text").format(sql.Identifier(name)))
    return [{column: value for column, value in each.items() if column not in leave_out} for each in found]


def read_csv(path: Path) -> list[dict[str, str]]:
    """A CSV file by the standard library, independent of the code under test."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def write_sqlite(path: Path, production: Sequence[dict[str, Any]], supervisors: Sequence[dict[str, Any]] = ()) -> None:
    """The two RTMS tables in a SQLite file; empty texts become NULL, as they are in SQL Server."""
    connection = sqlite3.connect(path)
    for name, columns, rows in (
        ("RTMS_SessionWiseProduction", RTMS_COLUMNS, production),
        ("RTMS_SupervisorsDetl", SUPERVISOR_COLUMNS, supervisors),
    ):
        declared = ", ".join(f'"{column}" {SQL_TYPES.get(column, "varchar(200)")}' for column in columns)
        connection.execute(f'CREATE TABLE "{name}" ({declared})')
        marks = ", ".join("?" * len(columns))
        values = [[None if each.get(column) == "" else each.get(column) for column in columns] for each in rows]
        connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', values)  # noqa: S608 - constants
    connection.commit()
    connection.close()
