"""Attendance in Dagster and at the command line: the job with its checks, the schedule, explain, export, freeze."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from factory_pipelines.attendance.automation import ATTENDANCE_JOB, attendance_request
from factory_pipelines.attendance.definitions import definitions
from factory_pipelines.attendance.ingest import report_source
from factory_pipelines.attendance.recompute import recompute_days
from factory_pipelines.cli import app
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import MONDAY, NOW, event, hire, punch


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def worked(warehouse: Warehouse) -> Warehouse:
    """A Monday of two people, and a stranger's punch."""
    hire(warehouse, {"A": ["day"], "B": ["night"]})
    punch(
        warehouse,
        [
            event("A", "2025-09-08T08:03:45", "in"),
            event("A", "2025-09-08T17:30:00", "out"),
            event("B", "2025-09-08T22:00", "in"),
            event("B", "2025-09-09T06:00", "out"),
            event("stranger", "2025-09-08T12:00", "in"),
        ],
    )
    report_source(warehouse, "gate", NOW)
    return warehouse


def checks(warehouse: Warehouse, instance: dg.DagsterInstance, day: date = MONDAY) -> dict[str, bool]:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    job = defs.resolve_job_def(ATTENDANCE_JOB.name)
    result = job.execute_in_process(instance=instance, partition_key=day.isoformat(), raise_on_error=False)
    return {f"{e.asset_key.path[-1]}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}


def test_the_job_fills_the_tables_and_its_checks_pass(worked: Warehouse, instance: dg.DagsterInstance) -> None:
    found = checks(worked, instance)
    assert {name for name, passed in found.items() if not passed} == {"punch_ledger.no_exceptions"}
    assert len(found) == 14


@pytest.mark.parametrize(
    ("query", "check"),
    [
        ("UPDATE attendance.punches SET ingested_at = '2025-09-01'", "punches.times_are_possible"),
        (
            "INSERT INTO attendance.refusals "
            "(source, field, reason, detail, event, event_hash, first_seen_at, last_seen_at) "
            "VALUES ('gate', 'time', 'time_invalid', 'time: 25:61', '{}', 'x', now(), now())",
            "punches.nothing_refused",
        ),
        (
            "UPDATE attendance.employee_attendance SET regular_s = regular_s + 1",
            "employee_attendance.minutes_conserved",
        ),
        ("UPDATE attendance.employee_attendance SET status = 'LATE'", "employee_attendance.values_in_range"),
        (
            "INSERT INTO attendance.sources (source, watermark) VALUES ('dead', '2025-09-01')",
            "employee_attendance.sources_report",
        ),
        ("DELETE FROM attendance.punch_ledger WHERE employee_id = 'A'", "punch_ledger.every_punch_once"),
        ("UPDATE attendance.employee_attendance SET punch_count = 9", "punch_ledger.roles_reconcile"),
        ("UPDATE attendance.payroll_lines SET seconds = seconds + 1", "payroll_lines.pays_what_was_worked"),
        ("INSERT INTO attendance.payroll_lines SELECT * FROM attendance.payroll_lines", "payroll_lines.lines_unique"),
    ],
)
def test_each_check_fails_on_data_that_is_bad_in_its_way(
    worked: Warehouse, settings: Settings, instance: dg.DagsterInstance, query: str, check: str
) -> None:
    recompute_days(worked, settings, MONDAY, MONDAY, now=NOW)
    worked.execute(sql.SQL(query))
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": worked}))
    job = dg.define_asset_job("only_checks", selection=dg.AssetSelection.all_asset_checks())
    alone = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("only_checks")
    tags = {"dagster/partition": MONDAY.isoformat()}
    result = alone.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    failed = {f"{e.asset_key.path[-1]}.{e.check_name}" for e in result.get_asset_check_evaluations() if not e.passed}
    assert check in failed


def test_the_first_hour_of_a_day_belongs_to_the_day_before(settings: Settings) -> None:
    def day(hour: int, minute: int) -> Any:
        return attendance_request(settings, datetime(2025, 9, 9, hour, minute, tzinfo=UTC)).partition_key

    assert (day(1, 15), day(1, 35)) == ("2025-09-08", "2025-09-09")  # 06:45 and 07:05 in Kolkata


def test_explain_shows_the_way_from_punch_to_pay(worked: Warehouse, settings: Settings) -> None:
    recompute_days(worked, settings, MONDAY, MONDAY, now=NOW)
    result = CliRunner().invoke(app, ["explain", "payroll", "A", "2025-09-08"])
    assert result.exit_code == 0, result.output
    for line in (
        "Shift day 2025-09-08 08:00:00 to 2025-09-08 17:00:00",
        "PRESENT, came 0:03:45 after the start, within the grace",
        "punch 2025-09-08 08:03:45 in           gate/T1              -> in",
        "presence            9:26:15",
        "pays 8:56:15 regular x 1",
        "pays 0:30:00 overtime_after x 1.5",
    ):
        assert line in result.output
    lost = CliRunner().invoke(app, ["explain", "payroll", "stranger", "2025-09-08"]).output
    assert "unknown_employee" in lost
    assert "no shift, no punch, no pay" in CliRunner().invoke(app, ["explain", "payroll", "A", "2024-01-01"]).output


def test_payroll_as_csv_and_its_freeze(worked: Warehouse, settings: Settings) -> None:
    recompute_days(worked, settings, MONDAY, MONDAY, now=NOW)
    period = ["2025-09-08", "2025-09-08"]
    people = CliRunner().invoke(app, ["payroll", "export", *period]).output.splitlines()
    assert people[0].startswith("employee_id,employee_name,days,regular_h,overtime_h")
    assert people[1] == "A,Person A,1,8.94,0.50,0.00,0.00,0.00,9.44,9.69"
    assert people[2] == "B,Person B,1,8.00,0.00,0.00,0.00,0.00,8.00,8.00"
    assert len(CliRunner().invoke(app, ["payroll", "export", *period, "--lines"]).output.splitlines()) == 4
    frozen = CliRunner().invoke(app, ["payroll", "freeze", *period, "--by", "hr"])
    assert (frozen.exit_code, frozen.output.strip()) == (0, "2025-09-08 to 2025-09-08 is frozen")
    again = CliRunner().invoke(app, ["payroll", "freeze", *period, "--by", "hr"])
    assert (again.exit_code, "frozen already" in again.output) == (2, True)
