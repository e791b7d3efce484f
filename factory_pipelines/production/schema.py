"""The contract of the RTMS tables: which columns, what is cleaned, which rows are refused and why.

A refused row is never lost and never guessed at: it goes to quarantine as RTMS gave it, with reasons that name the
column and the remedy. An employee without a code is no reason: the pieces still count for the line.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from factory_pipelines.production.cleaning import (
    Field,
    Problems,
    UnacceptableError,
    as_text,
    from_python,
    without_excel_decimals,
    without_leading_dots,
)
from factory_pipelines.production.rtms import RTMS_COLUMNS, SUPERVISOR_COLUMNS, RtmsUnusableError

_TEXT, _WHOLE, _BIG, _FLOAT, _FLAG = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
_MINUTES_OF_A_DAY = 1440

PRODUCTION: tuple[Field, ...] = (
    Field("production_day", "TranDate", pa.date32(), required=True),
    Field("rtms_row_id", "RowId", _BIG, required=True),
    Field("unit_code", "UnitCode", _TEXT, required=True),
    Field("floor_name", "FloorName", _TEXT, required=True),
    Field("line_name", "LineName", _TEXT, required=True),
    Field("style_no", "StyleNo", _TEXT, required=True),
    Field("order_no", "OrderNo", _TEXT),
    Field("buyer_code", "BuyerCode", _TEXT),
    Field("part_name", "PartName", _TEXT, required=True),
    Field("part_seq", "PartSeq", _WHOLE),
    Field("operation", "Operation", _TEXT),
    Field("oper_seq", "OperSeq", _WHOLE),
    # RTMS spells one operation in several cases; it stays as written, because only RTMS knows which are the same.
    Field("new_oper_seq", "NewOperSeq", _TEXT, required=True),
    Field("device_id", "DeviceID", _TEXT, required=True),
    Field("emp_code", "EmpCode", _TEXT, tidy=without_leading_dots),
    Field("emp_name", "EmpName", _TEXT),
    Field("sam", "SAM", _FLOAT, minimum=0),
    Field("eff100", "Eff100", _FLOAT, minimum=0),
    Field("eff75", "Eff75", _FLOAT, minimum=0),
    Field("prodn_pcs", "ProdnPcs", _WHOLE, required=True, minimum=0),
    Field("eff_per", "EffPer", _FLOAT),
    Field("eff_per100", "EffPer100", _FLOAT),
    Field("eff_per75", "EffPer75", _FLOAT),
    Field("used_min", "UsedMin", _FLOAT, minimum=0, maximum=_MINUTES_OF_A_DAY),
    *(Field(f"s{n:02d}", f"S{n:02d}", _WHOLE, minimum=0) for n in range(1, 13)),
    Field("rept_type", "ReptType", _TEXT),
    Field("operationseq", "Operationseq", _WHOLE),
    Field("parts_seq", "PartsSeq", _WHOLE),
    Field("is_fin_part", "ISFinPart", _FLAG, required=True),
    Field("is_fin_oper", "ISFinOper", _FLAG, required=True),
    Field("is_red_flag", "IsRedFlag", _FLAG),
)
"""``rtms.session_wise_production`` without the columns a pull adds."""

SUPERVISORS: tuple[Field, ...] = (
    Field("line_name", "LineName", _TEXT, required=True),
    Field("part_name", "PartName", _TEXT, required=True),
    Field("supervisor_name", "SupervisorName", _TEXT, required=True),
    Field("supervisor_code", "SupervisorCode", _TEXT, required=True),
    Field("phone_number", "PhoneNumber", _TEXT, tidy=without_excel_decimals),
)
"""``rtms.supervisors`` without the columns a pull adds. Phones stay as written: dialling is the alerts' business."""

_REMEDY = "correct it in RTMS and the next pull takes the row in"


@dataclass(frozen=True)
class Refused:
    """One row that stays out.

    Attributes:
        row: RTMS column -> value as RTMS gave it; numbers as numbers where they are.
        reasons: one sentence for each faulty column, with the remedy.
        production_day: the row's day, None where it cannot be read.
    """

    row: dict[str, Any]
    reasons: list[str]
    production_day: date | None = None

    @property
    def row_json(self) -> str:
        """The row as canonical JSON: the same row gives the same text, whichever source it came from."""
        return json.dumps(self.row, sort_keys=True, ensure_ascii=False)

    @property
    def row_hash(self) -> str:
        """What makes a refused row the same row in the next pull."""
        return hashlib.sha256(self.row_json.encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True)
class Judged:
    """A batch after the contract: every row is in exactly one of the two."""

    accepted: pa.Table
    refused: list[Refused]


def warehouse_schema(fields: Sequence[Field]) -> pa.Schema:
    """Columns and types of accepted rows."""
    return pa.schema([(field.column, field.kind) for field in fields])


def judge_production(batch: "pa.Table | pd.DataFrame", day: date) -> Judged:
    """Cleans a batch of ``RTMS_SessionWiseProduction`` pulled for ``day``.

    Raises:
        RtmsUnusableError: when the batch lacks a column.
    """
    table = as_arrow(batch, RTMS_COLUMNS, "RTMS_SessionWiseProduction")
    return _judge(table, PRODUCTION, day)


def judge_supervisors(batch: "pa.Table | pd.DataFrame") -> Judged:
    """Cleans ``RTMS_SupervisorsDetl``.

    Raises:
        RtmsUnusableError: when the batch lacks a column.
    """
    return _judge(as_arrow(batch, SUPERVISOR_COLUMNS, "RTMS_SupervisorsDetl"), SUPERVISORS, None)


def as_arrow(batch: "pa.Table | pd.DataFrame", columns: Sequence[str], table_name: str) -> pa.Table:
    """``batch`` as an Arrow table with exactly ``columns``; a frame's mixed columns become texts.

    Raises:
        RtmsUnusableError: when it lacks some of them.
    """
    present = batch.columns if isinstance(batch, pd.DataFrame) else batch.column_names
    if missing := [name for name in columns if name not in present]:
        raise RtmsUnusableError(
            f"{table_name} lacks the columns {', '.join(missing)}",
            "Give the reader a table or view with RTMS' own columns",
        )
    if isinstance(batch, pd.DataFrame):
        return pa.table({name: _series_to_arrow(batch[name]) for name in columns})
    return batch.select(list(columns)).combine_chunks()


def _series_to_arrow(series: "pd.Series[Any]") -> pa.Array:
    if series.dtype != object:
        return pa.Array.from_pandas(series)
    return from_python([None if pd.isna(value) else value for value in series])


def _judge(table: pa.Table, fields: Sequence[Field], day: date | None) -> Judged:
    cleaned: list[pa.Array] = []
    reasons: dict[int, list[str]] = {}
    for field in fields:
        values, problems = field.clean(_one_array(table[field.rtms]))
        if day is not None and field.kind == pa.date32():
            problems |= _other_days(values, day)
        cleaned.append(values)
        for row, problem in problems.items():
            reasons.setdefault(row, []).append(f"{field.rtms} {problem}; {_REMEDY}")
    accepted = pa.Table.from_arrays(cleaned, schema=warehouse_schema(fields))
    if not reasons:
        return Judged(accepted, [])
    rows = sorted(reasons)
    keep = np.ones(len(accepted), dtype=bool)
    keep[rows] = False
    days = accepted["production_day"].take(rows).to_pylist() if day is not None else [None] * len(rows)
    as_given = raw_rows(table.take(rows), fields)
    refused = [Refused(row, reasons[i], own_day) for row, i, own_day in zip(as_given, rows, days, strict=True)]
    return Judged(accepted.filter(pa.array(keep)), refused)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _other_days(values: pa.Array, day: date) -> Problems:
    if not len(values):
        return {}
    days = values.cast(pa.int32()).fill_null(0).to_numpy()
    asked = (day - date(1970, 1, 1)).days
    others = np.flatnonzero((days != asked) & values.is_valid().to_numpy(zero_copy_only=False)).tolist()
    return {row: f"is {values[row].as_py()}, but {day} was asked for" for row in others}


def raw_rows(table: pa.Table, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Rows for quarantine: texts as given, numbers and days as such where they are readable, None where empty."""
    columns = {field.rtms: _raw_column(field, as_text(_one_array(table[field.rtms])).to_pylist()) for field in fields}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _raw_column(field: Field, texts: list[str | None]) -> list[Any]:
    kinds = (_BIG, _FLOAT) if field.is_numeric else (field.kind,) if field.kind == pa.date32() else ()
    readings = [Field(field.column, field.rtms, kind) for kind in kinds]
    known = {text: _raw(text, readings) for text in set(texts)}
    return [known[text] for text in texts]


def _raw(text: str | None, readings: Sequence[Field]) -> Any:
    if text is None or not text.strip():
        return None
    for reading in readings:
        try:
            value = reading.parse(text)
        except UnacceptableError:
            continue
        return value.isoformat() if isinstance(value, date) else value
    return text.replace("\0", "\N{SYMBOL FOR NULL}")  # which neither text nor jsonb can hold


def conflicting(fields: Sequence[Field], identity: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Refused]:
    """Rows that share an identity and differ, as refused rows.

    Args:
        fields: the table's contract.
        identity: columns that name a row.
        rows: cleaned values, in the order of ``fields``.
    """
    columns = [field.column for field in fields]
    named = [field for field in fields if field.column in identity]
    groups: dict[tuple[Any, ...], list[Sequence[Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[columns.index(field.column)] for field in named), []).append(row)
    refused = []
    for key, group in groups.items():
        differing = [field.rtms for i, field in enumerate(fields) if len({row[i] for row in group}) > 1]
        name = ", ".join(f"{field.rtms} {value}" for field, value in zip(named, key, strict=True))
        reason = f"{name} stands in {len(group)} rows that differ in {', '.join(differing)}; keep one of them in RTMS"
        for row in group:
            plain = {field.rtms: _plain(value) for field, value in zip(fields, row, strict=True)}
            day = row[columns.index("production_day")] if "production_day" in columns else None
            refused.append(Refused(plain, [reason], day))
    return refused


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value
