"""Files of terminals: taken once by content, whole or not at all, whatever they look like; bad rows by their line."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from factory_pipelines.attendance.automation import FILES_JOB, punch_files_sensor
from factory_pipelines.attendance.definitions import definitions
from factory_pipelines.attendance.inbox import FileResult, InboxError, import_file, waiting_files
from factory_pipelines.cli import app
from factory_pipelines.settings import AttendanceSettings, Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import NOW, event, punch, table

EXPORT = """Emp Code,Date,Time,State,Terminal
E1,08/09/2025,08:03:45,C/In,T1
E2,08/09/2025,8:04 AM,C/In,T1
E1,08/09/2025,05:30 PM,C/Out,T2
"""
FORMAT = '[directions]\nin = ["C/In"]\nout = ["C/Out"]\n'


@pytest.fixture
def emptied(shared_warehouse: Warehouse) -> Warehouse:
    """The module's warehouse without punches and files."""
    for name in ("punches", "punch_files", "refusals", "touched_days", "sources"):
        shared_warehouse.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("attendance", name)))
    return shared_warehouse


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    (folder / "gate").mkdir(parents=True)
    (folder / "gate" / "format.toml").write_text(FORMAT)
    return folder


def with_inbox(inbox: Path | None, settle_s: float = 0) -> Settings:
    return Settings(attendance=AttendanceSettings(inbox=inbox, inbox_settle_s=settle_s, inbox_max_mb=1))


def put(inbox: Path, content: str | bytes, name: str = "day.csv", source: str = "gate") -> Path:
    path = inbox / source / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def take(warehouse: Warehouse, path: Path, **more: Path) -> FileResult:
    return import_file(warehouse, with_inbox(path.parent.parent), path, source=path.parent.name, now=NOW, **more)


def stored(warehouse: Warehouse) -> list[tuple[str, str, str | None, str]]:
    rows = table(warehouse, "punches")
    return sorted((r["employee_id"], f"{r['punched_at']:%dT%H:%M:%S}", r["direction"], r["device"]) for r in rows)


THREE = [("E1", "08T02:33:45", "in", "T1"), ("E1", "08T12:00:00", "out", "T2"), ("E2", "08T02:34:00", "in", "T1")]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (EXPORT, FORMAT),
        (EXPORT.replace(",", ";"), FORMAT),
        (EXPORT.replace(",", "\t").replace("\n", "\r\n"), FORMAT),
        ("\ufeff" + EXPORT, FORMAT),
        (EXPORT.encode("utf-16"), FORMAT),
        (EXPORT.replace("Terminal", "Gerät").encode("cp1252"), 'encoding = "cp1252"\n[columns]\n'
            'employee_id = "Emp Code"\ndate = "Date"\ntime = "Time"\ndirection = "State"\ndevice = "Gerät"\n' + FORMAT),
        (EXPORT.replace("08/09/2025", "09/08/2025"), "day_first = false\n" + FORMAT),
        (EXPORT.replace("08/09/2025", "08-Sep-25"), FORMAT),
        (EXPORT.replace("08/09/2025", "20250908"), FORMAT),
        ("Report of 9 September\n\n" + EXPORT, "skip_lines = 2\n" + FORMAT),
        (EXPORT.split("\n", 1)[1],
            "[columns]\nemployee_id = 1\ndate = 2\ntime = 3\ndirection = 4\ndevice = 5\n" + FORMAT),
        (EXPORT.replace("T1\n", "T1,\n"), FORMAT),
        ('"User ID","Date And Time","Device","State"\n"E1","2025-09-08 08:03:45","T1","in"\n'
            '"E2","2025-09-08T02:34:00Z","T1","I"\n\n"E1","2025-09-08 17:30","T2","Check-Out"', ""),
    ],
    ids=["plain", "semicolons", "tabs", "marked", "utf16", "cp1252", "month first", "names of months", "compact",
         "preamble", "no header", "a delimiter at the end", "one column for both"],
)  # fmt: skip
def test_the_same_punches_however_they_are_written(
    emptied: Warehouse, inbox: Path, content: str | bytes, form: str
) -> None:
    (inbox / "gate" / "format.toml").write_text(form)
    done = take(emptied, put(inbox, content))
    assert (done.status, done.rows, done.accepted, done.refused) == ("taken", 3, 3, 0), done
    assert stored(emptied) == THREE
    assert {row["source"] for row in table(emptied, "punches")} == {"gate"}


def test_a_content_is_taken_once_whatever_it_is_called(emptied: Warehouse, inbox: Path) -> None:
    take(emptied, put(inbox, EXPORT))
    before = table(emptied, "punch_files"), table(emptied, "punches"), table(emptied, "touched_days")
    again = take(emptied, put(inbox, EXPORT))
    assert (again.status, again.rows, again.accepted) == ("known", 3, 3)
    assert take(emptied, put(inbox, EXPORT, "copy.csv")).status == "known"
    longer = take(emptied, put(inbox, EXPORT + "E2,08/09/2025,17:00,C/Out,T1\n"))
    assert (longer.status, longer.accepted, longer.duplicates) == ("taken", 1, 3)
    assert [row for row in table(emptied, "punches") if row in before[1]] == before[1]


def test_bad_rows_are_kept_with_their_line_and_the_others_taken(emptied: Warehouse, inbox: Path) -> None:
    bad = (
        "E3,08/09/2025,25:61,C/In,T1\n"
        "E3,31/06/2025,08:00,C/In,T1\n"
        '"E3\nE4",08/09/2025,08:00,C/In,T1\n'
        "E3,08/09/2099,08:00,C/In,T1\n"
        ",08/09/2025,08:00,C/In,T1\n"
        "E3,08/09/2025,08:00,C/In,T1,and more\n"
        "E3,soon,08:00,C/In,T1\n"
        "E\0,08/09/2025,08:00,C/In,T1\n"
        "E3,08/09/2025,0"
    )
    done = take(emptied, put(inbox, EXPORT + bad))
    assert (done.status, done.rows, done.accepted, done.refused) == ("taken", 12, 3, 9)
    assert stored(emptied) == THREE
    kept = sorted((r["event"]["line"], r["field"], r["reason"]) for r in table(emptied, "refusals"))
    assert kept == [
        (5, "time", "time_invalid"),
        (6, "time", "time_invalid"),
        (7, "employee_id", "employee_id_invalid"),  # begins in line 7 and ends in line 8
        (9, "time", "time_in_future"),
        (10, "employee_id", "employee_id_invalid"),
        (11, "row", "row_incomplete"),
        (12, "time", "time_invalid"),
        (13, "employee_id", "employee_id_invalid"),
        (14, "row", "row_incomplete"),
    ]
    assert "day.csv, line 5: time: there is no such time" in {
        r["detail"].split(";")[0] for r in table(emptied, "refusals")
    }


@pytest.mark.parametrize(
    ("content", "form", "reason"),
    [
        (b"", "", "the file is empty; delete it"),
        ("a,b\n1,2\n", "", "line 1: no columns those of an employee and a time, but a, b; set columns"),
        (EXPORT.replace("E2", "Zoé").encode("cp1252"), "", "line 3: no utf-8; set encoding in format.toml"),
        (
            EXPORT + "E1,09/13/2025,08:00,C/In,T1\n",
            "",
            "line 5: 09/13/2025 is a date the other way round; set day_first",
        ),
        ("x" * 1_100_000, "", "larger than 1 MB; see FACTORY_ATTENDANCE__INBOX_MAX_MB"),
        (EXPORT + '"' + "x" * 140_000 + '",1,2,3,4\n', "", "line 5: field larger than field limit"),
        (EXPORT, "day_frist = true", "there is no day_frist; there are encoding, delimiter"),
        (EXPORT, "day_first = 1", "day_first must be a bool, not 1"),
        (EXPORT, 'encoding = "klingon"', "there is no encoding klingon"),
        (EXPORT, 'delimiter = ";;"', "delimiter must be one character"),
        (EXPORT, 'delimiter = ";"', "line 1: no columns"),
        (EXPORT, "[columns]\nemployee_id = 1", "columns must name employee_id and time"),
        (EXPORT, '[columns]\nemployee_id = 1\ntime = "Time"', "all columns by name, or all by number"),
        (EXPORT, '[columns]\nemployee = "Emp Code"', "there is no column employee"),
        (EXPORT, '[directions]\nin = "C/In"', "directions are lists of words"),
        (EXPORT, "[columns", "format.toml: "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_and_says_why(
    emptied: Warehouse, inbox: Path, content: str | bytes, form: str, reason: str
) -> None:
    (inbox / "gate" / "format.toml").write_text(form)
    done = take(emptied, put(inbox, content))
    assert done.status == "refused"
    assert reason in (done.reason or "")
    assert table(emptied, "punches") == []
    (kept,) = table(emptied, "refusals")
    assert (kept["field"], kept["event"]["file"]) == ("file", "day.csv")
    assert waiting_files(emptied, with_inbox(inbox), now=datetime.now(UTC)) == []


def test_a_refused_file_is_read_again_once_its_source_is_described(emptied: Warehouse, inbox: Path) -> None:
    other = "Wer,Wann\nE1,2025-09-08 08:00\n"
    assert take(emptied, put(inbox, other)).status == "refused"
    (inbox / "gate" / "format.toml").write_text('[columns]\nemployee_id = "Wer"\ntime = "Wann"\n')
    (waiting,) = waiting_files(emptied, with_inbox(inbox), now=datetime.now(UTC))
    assert take(emptied, waiting.path).status == "taken"
    assert waiting_files(emptied, with_inbox(inbox), now=datetime.now(UTC)) == []


def test_a_file_is_stored_whole_or_not_at_all(emptied: Warehouse, shared_url: str, inbox: Path) -> None:
    """The last statement of the transaction fails: no punch and no refusal of the file is left behind."""
    path = put(inbox, EXPORT + "E3,soon,08:00,C/In,T1\n")
    with psycopg.connect(shared_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE attendance.punch_files ADD CONSTRAINT disk_full CHECK (row_count = 0)")
        with pytest.raises(psycopg.errors.CheckViolation):
            take(emptied, path)
        owner.execute("ALTER TABLE attendance.punch_files DROP CONSTRAINT disk_full")
    for name in ("punches", "punch_files", "refusals", "touched_days"):
        assert table(emptied, name) == []
    done = take(emptied, path)
    assert (done.accepted, done.refused) == (3, 1)


def test_what_is_still_being_written_is_left_alone(emptied: Warehouse, inbox: Path) -> None:
    now = datetime.now(UTC)
    path = put(inbox, EXPORT)
    for name in (".hidden.csv", "~day.csv", "day.csv.part", "day.csv.tmp", "notes.docx"):
        put(inbox, EXPORT, name)
    (inbox / "gate" / "folder.csv").mkdir()
    settings = with_inbox(inbox, settle_s=30)
    assert waiting_files(emptied, settings, now=now) == []
    assert [w.path for w in waiting_files(emptied, settings, now=now + timedelta(minutes=1))] == [path]
    path.write_text(EXPORT[:-20])
    os.utime(path, (now.timestamp(), now.timestamp()))
    assert take(emptied, path).refused == 1  # taken too early all the same: the rest follows, and nothing comes twice
    path.write_text(EXPORT)
    assert take(emptied, path).accepted == 1
    assert stored(emptied) == THREE


def test_an_inbox_that_is_not_there_says_so(emptied: Warehouse, tmp_path: Path) -> None:
    assert waiting_files(emptied, with_inbox(None), now=NOW) == []
    with pytest.raises(InboxError, match="set FACTORY_ATTENDANCE__INBOX"):
        waiting_files(emptied, with_inbox(tmp_path / "none"), now=NOW)
    with pytest.raises(InboxError, match="No such file"):
        take(emptied, tmp_path / "none" / "none.csv")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_dagster_polls_the_inbox(
    warehouse: Warehouse, inbox: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick(cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"warehouse": warehouse})
        result = punch_files_sensor(context)
        assert isinstance(result, dg.SensorResult | dg.SkipReason)
        return result

    assert isinstance(tick(), dg.SkipReason)
    monkeypatch.setenv("FACTORY_ATTENDANCE__INBOX", str(inbox))
    monkeypatch.setenv("FACTORY_ATTENDANCE__INBOX_SETTLE_S", "0")
    first = tick()
    assert isinstance(first, dg.SensorResult)
    assert len(first.run_requests or []) == 1
    assert isinstance(tick(first.cursor), dg.SkipReason)
    put(inbox, EXPORT + "E3,08/09/2025,25:61,C/In,T1\n")
    put(inbox, b"", "empty.csv")
    assert isinstance(tick(first.cursor), dg.SensorResult)
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    result = defs.resolve_job_def(FILES_JOB.name).execute_in_process(instance=instance)
    checks = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert checks == {"schema_as_declared": True, "files_are_read": False, "rows_are_punches": False}
    assert stored(warehouse) == THREE
    assert isinstance(tick(first.cursor), dg.SkipReason)
    due = first.cursor or ""
    assert datetime.fromisoformat(due) > datetime.now(UTC) + timedelta(minutes=50)


def test_a_file_at_the_command_line(warehouse: Warehouse, inbox: Path) -> None:
    path = put(inbox, EXPORT + "E3,08/09/2025,25:61,C/In,T1\n")
    punch(warehouse, [event("E1", "2025-09-08T08:03:45", "in", source="canteen")])
    form = ["--source", "canteen", "--format", str(inbox / "gate" / "format.toml")]
    done = CliRunner().invoke(app, ["attendance", "import", str(path), *form])
    assert (done.exit_code, done.output) == (0, f"{path}: taken, 4 rows: 2 new, 1 known, 1 refused\n")
    again = CliRunner().invoke(app, ["attendance", "import", str(path), *form])
    assert (again.exit_code, again.output) == (0, f"{path}: known, 4 rows: 2 new, 1 known, 1 refused\n")
    bad = CliRunner().invoke(app, ["attendance", "import", str(inbox), str(put(inbox, b"", "empty.csv"))])
    assert (bad.exit_code, "Is a directory" in bad.output, "the file is empty" in bad.output) == (1, True, True)
