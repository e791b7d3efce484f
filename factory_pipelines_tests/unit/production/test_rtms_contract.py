"""The contract of RTMS rows: what is cleaned, what is refused and in which words."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory_pipelines.production.rtms import RTMS_COLUMNS, RtmsUnusableError
from factory_pipelines.production.schema import PRODUCTION, judge_production, judge_supervisors, warehouse_schema
from factory_pipelines_tests.rtms_rows import DAY, row, supervisor, table


def accepted(**changes: Any) -> dict[str, Any]:
    judged = judge_production(table([row(**changes)]), DAY)
    assert not judged.refused, judged.refused
    return judged.accepted.to_pylist()[0]


def reasons(**changes: Any) -> list[str]:
    judged = judge_production(table([row(**changes)]), DAY)
    assert judged.accepted.num_rows == 0
    return judged.refused[0].reasons


@pytest.mark.parametrize(
    ("column", "given_value", "cleaned"),
    [
        ("EmpCode", ".510000", "510000"),
        ("EmpCode", "..510000", "510000"),
        ("EmpCode", " . ", None),
        ("EmpCode", "", None),
        ("EmpCode", None, None),
        ("EmpCode", 510000, "510000"),
        ("EmpCode", 510000.0, "510000"),
        ("EmpCode", "B12.4", "B12.4"),
        ("EmpName", "  Person \t 00\u00a0", "Person 00"),
        ("EmpName", "O'Neil; DROP TABLE rtms.pulls;--", "O'Neil; DROP TABLE rtms.pulls;--"),
        ("EmpName", "a\tb\\N\nc", "a b\\N c"),
        ("LineName", "t1-1", "t1-1"),
        ("NewOperSeq", "A01000-hem CUFF", "A01000-hem CUFF"),
        ("OrderNo", 9000001.0, "9000001"),
        ("ProdnPcs", 243.0, 243),
        ("ProdnPcs", "243.0", 243),
        ("ProdnPcs", " 243 ", 243),
        ("ProdnPcs", "2.43e2", 243),
        ("ProdnPcs", Decimal("243.00"), 243),
        ("ProdnPcs", 0, 0),
        ("Eff100", None, None),
        ("Eff100", float("nan"), None),
        ("Eff100", "0", 0.0),
        ("SAM", "0.41", 0.41),
        ("SAM", ".5", 0.5),
        ("S03", None, None),
        ("S03", 12.0, 12),
        ("PartsSeq", "", None),
        ("ISFinPart", "y", True),
        ("ISFinPart", True, True),
        ("ISFinOper", "N", False),
        ("IsRedFlag", 0, False),
        ("IsRedFlag", None, None),
        ("TranDate", DAY, DAY),
        ("TranDate", datetime(2025, 9, 12, 13, 5), DAY),  # noqa: DTZ001 - as SQL Server gives it
        ("TranDate", "2025-09-12 00:00:00.000", DAY),
        ("TranDate", "2025-09-12T07:00", DAY),
        ("RowId", "9007199254740993", 9007199254740993),
    ],
)
def test_clean_values(column: str, given_value: object, cleaned: object) -> None:
    warehouse_column = next(field.column for field in PRODUCTION if field.rtms == column)
    value = accepted(**{column: given_value})[warehouse_column]
    assert value == cleaned
    assert type(value) is type(cleaned)


@pytest.mark.parametrize(
    ("column", "given_value", "says"),
    [
        ("LineName", "  ", "LineName is empty"),
        ("UnitCode", None, "UnitCode is empty"),
        ("NewOperSeq", "", "NewOperSeq is empty"),
        ("DeviceID", None, "DeviceID is empty"),
        ("RowId", None, "RowId is empty"),
        ("RowId", "x1", "RowId is 'x1', not a whole number"),
        ("RowId", 2**63, "RowId is 9223372036854775808, above"),
        ("ProdnPcs", None, "ProdnPcs is empty"),
        ("ProdnPcs", -1, "ProdnPcs is -1, below 0"),
        ("ProdnPcs", 12.5, "ProdnPcs is 12.5, not a whole number"),
        ("ProdnPcs", "1,234", "ProdnPcs is '1,234', not a whole number"),
        ("ProdnPcs", "1_000", "ProdnPcs is '1_000', not a whole number"),
        ("ProdnPcs", "1e99", "ProdnPcs is 1"),
        ("ProdnPcs", 2**31, "ProdnPcs is 2147483648, above"),
        ("Eff100", float("inf"), "Eff100 is inf, above"),
        ("Eff100", -0.5, "Eff100 is -0.5, below 0"),
        ("SAM", "n/a", "SAM is 'n/a', not a number"),
        ("UsedMin", 1441, "UsedMin is 1441, above 1440"),
        ("S07", -3, "S07 is -3, below 0"),
        ("ISFinOper", "maybe", "ISFinOper is 'maybe', neither Y nor N"),
        ("ISFinPart", None, "ISFinPart is empty"),
        ("TranDate", None, "TranDate is empty"),
        ("TranDate", "12/09/2025", "TranDate is '12/09/2025', not a date written YYYY-MM-DD"),
        ("TranDate", "2025-02-30", "TranDate is '2025-02-30', not a date"),
        ("TranDate", "2025-09-11", "TranDate is 2025-09-11, but 2025-09-12 was asked for"),
        ("EmpName", "Per\0son", "EmpName contains a NUL character"),
    ],
)
def test_refused_values_name_column_and_remedy(column: str, given_value: object, says: str) -> None:
    (reason,) = reasons(**{column: given_value})
    assert reason.startswith(says)
    assert reason.endswith("correct it in RTMS and the next pull takes the row in")


def test_every_fault_of_a_row_is_named() -> None:
    assert len(reasons(LineName="", ProdnPcs="x", ISFinOper="?")) == 3


def test_one_bad_row_does_not_take_others_with_it() -> None:
    judged = judge_production(table([row(1), row(2, ProdnPcs=-1), row(3)]), DAY)
    assert judged.accepted["rtms_row_id"].to_pylist() == [1, 3]
    assert [refused.row["RowId"] for refused in judged.refused] == [2]


def test_refused_row_is_kept_as_given_and_hashes_alike_from_every_source() -> None:
    as_objects = row(ProdnPcs=-1, EmpName="  two  spaces ", SAM=0.40, Eff75=None)
    as_texts = {name: None if value is None else str(value) for name, value in as_objects.items()}
    from_objects = judge_production(table([as_objects]), DAY).refused[0]
    from_texts = judge_production(table([as_texts]), DAY).refused[0]
    assert from_objects.row["EmpName"] == "  two  spaces "
    assert from_objects.row["ProdnPcs"] == -1
    assert from_objects.row_hash == from_texts.row_hash


def test_refused_row_with_nul_can_be_stored_as_jsonb() -> None:
    refused = judge_production(table([row(EmpName="a\0b", Operation="\\u0000")]), DAY).refused[0]
    assert json.loads(refused.row_json) | {"EmpName": "a\N{SYMBOL FOR NULL}b", "Operation": "\\u0000"} == json.loads(
        refused.row_json
    )


def test_half_a_surrogate_pair_does_not_stop_a_pull() -> None:
    assert accepted(EmpName="caf\ud83d")["emp_name"] == "caf?"


def test_missing_columns_are_named() -> None:
    frame = table([row()]).drop(columns=["S03", "ISFinOper"])
    with pytest.raises(RtmsUnusableError, match="lacks the columns S03, ISFinOper"):
        judge_production(frame, DAY)


def test_extra_columns_are_ignored() -> None:
    assert judge_production(table([row()]).assign(Extra=1), DAY).accepted.num_rows == 1


@pytest.mark.parametrize("empty", [table([]), pa.table({name: pa.nulls(0) for name in RTMS_COLUMNS})])
def test_no_rows(empty: pd.DataFrame | pa.Table) -> None:
    judged = judge_production(empty, DAY)
    assert judged.accepted.schema == warehouse_schema(PRODUCTION)
    assert (judged.accepted.num_rows, judged.refused) == (0, [])


def test_supervisors_with_odd_phones() -> None:
    phones = ["+15550100001", "98765 43210", "09876-543210", "9876543210.0", 9876543210, "", None, "call the office"]
    rows = [supervisor(part=f"Part {i}", PhoneNumber=phone) for i, phone in enumerate(phones)]
    judged = judge_supervisors(pd.DataFrame(rows, dtype=object))
    assert judged.accepted["phone_number"].to_pylist() == [
        *("+15550100001", "98765 43210", "09876-543210", "9876543210", "9876543210", None, None, "call the office")
    ]


def test_supervisor_without_a_name_is_refused() -> None:
    judged = judge_supervisors(pd.DataFrame([supervisor(SupervisorName=" ")], dtype=object))
    assert judged.refused[0].reasons == [
        "SupervisorName is empty; correct it in RTMS and the next pull takes the row in"
    ]


_anything = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-(2**65), 2**65),
    st.floats(),
    st.booleans(),
    st.dates(date(2025, 9, 10), date(2025, 9, 14)),
    st.sampled_from(["Y", "N", "12.0", " 7 ", "NULL", "nan", "-0", "1e5", "2025-09-12"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(RTMS_COLUMNS), _anything, max_size=6), max_size=8))
def test_every_row_is_accepted_or_refused_whatever_it_holds(changes: list[dict[str, Any]]) -> None:
    rows = [row(i, **change) for i, change in enumerate(changes)]
    judged = judge_production(table(rows), DAY)
    assert judged.accepted.num_rows + len(judged.refused) == len(rows)
    assert judged.accepted.schema == warehouse_schema(PRODUCTION)
    for column in ("line_name", "prodn_pcs", "rtms_row_id", "is_fin_oper"):
        assert judged.accepted[column].null_count == 0
    assert all(refused.reasons and refused.row_json.encode() for refused in judged.refused)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(RTMS_COLUMNS), _anything, max_size=4), min_size=1, max_size=8), st.data()
)
def test_a_row_is_judged_alike_alone_and_in_company(changes: list[dict[str, Any]], data: st.DataObject) -> None:
    rows = [row(i, **change) for i, change in enumerate(changes)]
    texts = [{name: None if value is None else str(value) for name, value in each.items()} for each in rows]
    together = judge_production(table(texts), DAY)
    alone = [judge_production(table([each]), DAY) for each in data.draw(st.permutations(texts))]
    key = str
    assert sorted(map(key, together.accepted.to_pylist())) == sorted(
        key(one) for judged in alone for one in judged.accepted.to_pylist()
    )
    assert sorted(one.row_hash for one in together.refused) == sorted(one.row_hash for j in alone for one in j.refused)
