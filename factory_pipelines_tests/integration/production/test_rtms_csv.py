"""The CSV source on real files: encodings, delimiters, days, and damage named by file, line and column."""

import codecs
import csv
import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from factory_pipelines.production.rtms import RTMS_COLUMNS, RtmsUnavailableError, RtmsUnusableError
from factory_pipelines.production.rtms_csv import CsvRtms
from factory_pipelines.production.schema import judge_production
from factory_pipelines_tests.rtms_rows import DAY, row

NEXT_DAY = date(2025, 9, 13)
FILE = "session_wise_production.csv"


def text_of(
    rows: list[dict[str, Any]], *, delimiter: str = ",", header: tuple[str, ...] = RTMS_COLUMNS, end: str = "\n"
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(header)
    writer.writerows([each.get(name) for name in RTMS_COLUMNS] for each in rows)
    return text.getvalue()


def read(folder: Path, day: date = DAY) -> list[dict[str, Any]]:
    return [
        found
        for batch in CsvRtms(folder).production(day)
        for found in judge_production(batch, day).accepted.to_pylist()
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [row(1, EmpName="José – Müller"), row(2, Operation='Sew "label",\nback; side', NewOperSeq="A, B;C")]
    (tmp_path / FILE).write_bytes(text_of(rows, delimiter=delimiter, end="\r\n").encode(encoding))
    found = read(tmp_path)
    assert [each["emp_name"] for each in found] == ["José – Müller", "Person 00"]
    assert found[1]["operation"] == 'Sew "label", back; side'
    assert found[1]["new_oper_seq"] == "A, B;C"


def test_null_as_sql_servers_tools_write_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text_of([row(1, EmpCode="NULL", Eff75="NULL", Eff100="")]))
    (found,) = read(tmp_path)
    assert (found["emp_code"], found["eff75"], found["eff100"]) == (None, None, None)


def test_header_in_another_order_case_and_with_more_columns(tmp_path: Path) -> None:
    names = [*reversed(RTMS_COLUMNS), "Remark"]
    lines = [",".join(f" {name.upper()} " for name in names)]
    lines.append(",".join("" if row().get(name) is None else str(row().get(name)) for name in names))
    (tmp_path / FILE).write_text("\n".join(lines))
    assert read(tmp_path)[0]["rtms_row_id"] == 1


def test_only_the_asked_day_from_many_days_and_files(tmp_path: Path) -> None:
    days = [row(1), row(2, TranDate="2025-09-13"), row(3, TranDate="2025-09-13 00:00:00"), row(4)]
    (tmp_path / "rtms_session_wise_production_1.csv").write_text(text_of(days))
    (tmp_path / "B_SESSION_WISE_PRODUCTION.CSV").write_text(text_of([row(5, TranDate="2025-09-13")]))
    (tmp_path / "notes.csv").write_text("not,rtms")
    assert sorted(each["rtms_row_id"] for each in read(tmp_path)) == [1, 4]
    assert sorted(each["rtms_row_id"] for each in read(tmp_path, NEXT_DAY)) == [2, 3, 5]
    assert read(tmp_path, date(2025, 9, 14)) == []


def test_rows_without_a_readable_day_come_with_every_day_and_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text_of([row(1), row(2, TranDate="13.09.2025"), row(3, TranDate="")]))
    source = CsvRtms(tmp_path)
    for day in (DAY, NEXT_DAY, NEXT_DAY):
        refused = [one for batch in source.production(day) for one in judge_production(batch, day).refused]
        assert [one.row["RowId"] for one in refused] == [2, 3]
        assert {one.production_day for one in refused} == {None}


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    source = CsvRtms(tmp_path)
    (tmp_path / FILE).write_text(text_of([row(1)]))
    assert list(source.production(NEXT_DAY)) == []
    (tmp_path / FILE).write_text(text_of([row(1), row(2, TranDate="2025-09-13")]))
    assert [batch.num_rows for batch in source.production(NEXT_DAY)] == [1]


def test_rows_arrive_in_batches(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text_of([row(i) for i in range(60_000)]))
    sizes = [batch.num_rows for batch in CsvRtms(tmp_path).production(DAY)]
    assert sum(sizes) == 60_000
    assert len(sizes) > 1


def damaged_header(text: str) -> str:
    return text.replace("S03,", "S3,", 1)


def doubled_header(text: str) -> str:
    return text.replace("S03,", "S02,", 1)


def truncated(text: str) -> str:
    return text[: text.rindex("STYLE")]


def extra_cell(text: str) -> str:
    return text.replace("RTM$", "RTM$,oops", 1)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damaged_header, f"{FILE}, line 1: no column S03 (found: LineName, EmpCode"),
        (doubled_header, f"{FILE}, line 1: column S02 stands there twice"),
        (truncated, f"{FILE}, line 4: 5 of 42 columns"),
        (extra_cell, f"{FILE}, line 3: 43 of 42 columns"),
        (lambda _: "", f"{FILE}, line 1: no column LineName"),
        (lambda _: "\n\n", f"{FILE}, line 1: no column LineName"),
    ],
)
def test_damage_is_named_by_file_line_and_column(tmp_path: Path, damage: Callable[[str], str], says: str) -> None:
    (tmp_path / FILE).write_text(damage(text_of([row(1, Operation="two\nlines"), row(2)])))
    with pytest.raises(RtmsUnusableError, match=re.escape(says)) as caught:
        read(tmp_path)
    assert "export" in caught.value.remedy.lower()


@pytest.mark.parametrize(
    "content", [b"\x81\x8d" * 50, codecs.BOM_UTF16_LE + b"\xd8\x00\xd8" * 9], ids=["cp1252", "utf-16"]
)
def test_neither_encoding(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(text_of([]).encode() + content if content[0] == 0x81 else content)
    with pytest.raises(RtmsUnusableError, match=FILE):
        read(tmp_path)


def test_only_a_header_is_no_rows(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text_of([]))
    (tmp_path / "supervisors.csv").write_text("LineName,PartName,SupervisorName,SupervisorCode,PhoneNumber\n")
    assert read(tmp_path) == []
    assert CsvRtms(tmp_path).supervisors().num_rows == 0


def test_missing_folder_and_files_name_the_setting(tmp_path: Path) -> None:
    with pytest.raises(RtmsUnusableError, match=r"is not a folder.*FACTORY_RTMS__CSV_DIR"):
        read(tmp_path / "nowhere")
    with pytest.raises(RtmsUnusableError, match=r"has no file \*session_wise_production\*\.csv"):
        read(tmp_path)
    with pytest.raises(RtmsUnusableError, match=r"has no file \*supervisors\*\.csv"):
        CsvRtms(tmp_path).supervisors()


def test_a_file_written_to_while_read_is_a_transient_error(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text(text_of([row(i) for i in range(40_000)]))

    def slowly() -> Iterator[pa.Table]:
        for batch in CsvRtms(tmp_path).production(DAY):
            os.utime(path, ns=(1, 1))
            yield batch

    with pytest.raises(RtmsUnavailableError, match="was written to while it was read"):
        list(slowly())


def test_supervisors_of_several_files(tmp_path: Path) -> None:
    header = "LineName,PartName,SupervisorName,SupervisorCode,PhoneNumber\n"
    (tmp_path / "a_supervisors_detl.csv").write_text(f"{header}T1-1,Finishing,Lead 01,L01,+15550109901\n")
    (tmp_path / "b_supervisors_detl.csv").write_text(f"{header}T2-1,Finishing,Lead 02,L02,\n")
    assert CsvRtms(tmp_path).supervisors()["SupervisorCode"].to_pylist() == ["L01", "L02"]
