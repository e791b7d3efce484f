"""`factory`, as an operator types it: exit statuses, and messages that say what to do."""

import json
import socket
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from factory_pipelines.cli import app
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.conftest import TESTS

GOLDEN = TESTS / "golden" / "production"
FACTORY = str(Path(sys.executable).with_name("factory"))
DAY = "2025-09-11"
PULL = 'key:"rtms/session_wise_production"'


def factory(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=answers)


@pytest.fixture
def plant(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Warehouse:
    """A plant whose RTMS is the golden folder; Dagster keeps its runs in a folder of this test's own."""
    monkeypatch.setenv("FACTORY_RTMS__SOURCE", "csv")
    monkeypatch.setenv("FACTORY_RTMS__CSV_DIR", str(GOLDEN))
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return warehouse


def test_help_names_every_command() -> None:
    done = subprocess.run([FACTORY, "--help"], capture_output=True, text=True, check=True)
    for command in ("demo", "up", "run", "migrate", "doctor", "edge", "score", "db"):
        assert command in done.stdout
    for command in (["run"], ["db"], ["db", "restore"], ["demo"]):
        assert factory(*command, "--help").exit_code == 0


def test_the_version_is_the_installed_one() -> None:
    result = factory("--version")
    assert (result.exit_code, result.stdout.split()) == (0, ["factory_pipelines", version("factory-pipelines")])


def test_a_day_is_run_and_the_run_is_kept(plant: Warehouse) -> None:
    done = factory("run", f"{PULL}+1", "--partition", DAY)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("run ")
    assert done.stdout.strip().endswith("ok")
    assert plant.rows(sql.SQL("SELECT count(*) AS n FROM production.employee_efficiency")) == [{"n": 30}]


def test_a_range_of_days_is_one_run(plant: Warehouse) -> None:
    done = factory("run", PULL, "--partition", "2025-09-10", "--to", "2025-09-12")
    assert done.exit_code == 0, done.output
    counted = plant.rows(sql.SQL("SELECT count(*) AS n FROM rtms.session_wise_production GROUP BY production_day"))
    assert sorted(row["n"] for row in counted) == [10, 28, 30]


def test_a_failing_check_is_named_and_ends_in_1(
    plant: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (GOLDEN / "golden_session_wise_production.csv").read_text()
    (tmp_path / "bad_session_wise_production.csv").write_text(text.replace(",0.41,", ",601,"))
    monkeypatch.setenv("FACTORY_RTMS__CSV_DIR", str(tmp_path))
    done = factory("run", PULL, "--partition", DAY)
    assert done.exit_code == 1
    assert "failed rtms/session_wise_production: values_in_range" in done.stderr
    assert done.stdout.strip().endswith("failed")


def test_a_failing_step_is_named_and_ends_in_1(plant: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_RTMS__CSV_DIR", "/nowhere/[/at all]")
    done = factory("run", PULL, "--partition", DAY)
    assert done.exit_code == 1
    assert "failed rtms__session_wise_production" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([PULL], "name one with --partition"),
        ([PULL, "--partition", "2024-12-31"], "2024-12-31"),
        ([PULL, "--partition", "yesterday"], "yesterday"),
        ([PULL, "--partition", "2999-01-01"], "2999-01-01"),
        ([PULL, "--partition", "2025-09-12", "--to", "2025-09-10"], "2025-09-10"),
        ([PULL, "--partition", "2025-09-12", "--to", "whenever"], "whenever"),
        (['key:"rtms/supervisors"', "--partition", DAY], "have no partitions"),
        (['key:"rtms/nothing"', "--partition", DAY], "nothing"),
        (["((", "--partition", DAY], "(("),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_request_that_makes_no_sense_ends_in_2_and_says_why(
    plant: Warehouse, arguments: list[str], message: str
) -> None:
    done = factory("run", *arguments)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "Traceback" not in done.output
    assert plant.rows(sql.SQL("SELECT count(*) AS n FROM rtms.pulls")) == [{"n": 0}]


def test_migrating_again_says_that_nothing_was_to_do(warehouse: Warehouse) -> None:
    done = factory("migrate")
    assert done.exit_code == 0, done.output
    assert "applied" not in done.stdout
    assert "up to date: PostgreSQL 1" in done.stdout
    assert "TimescaleDB" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FACTORY_RTMS__SOURCE", "oracle", "FACTORY_RTMS__SOURCE: "),
        ("FACTORY_RTMS__SUORCE", "csv", "FACTORY_RTMS__SUORCE: "),
        ("FACTORY_PLANT__TIMEZONE", "Mars/Olympus", "FACTORY_PLANT__TIMEZONE: "),
        ("FACTORY_PLANT__HOLIDAYS", "2026-01-26,Diwali", "FACTORY_PLANT__HOLIDAYS: "),
        ("FACTORY_RTMS", "csv", "one by one"),
    ],
)
@pytest.mark.parametrize("command", [["migrate"], ["run", PULL, "--partition", DAY], ["demo"], ["up"], ["db", "url"]])
def test_a_wrong_setting_is_named_whatever_the_command(
    command: list[str], name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    done = factory(*command)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_a_wrong_setting_is_named_by_a_fresh_process() -> None:
    """Loading the code location reads settings too: that must not come before they are checked."""
    environment = {"PATH": "/usr/bin:/bin", "FACTORY_PLANT__DAY_START": "26:00"}
    for command in (["run", PULL, "--partition", DAY], ["demo"]):
        done = subprocess.run([FACTORY, *command], capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
        assert "FACTORY_PLANT__DAY_START" in done.stderr


def test_a_database_that_is_away_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FACTORY_DATABASE_URL", f"postgresql://clerk:hunter2@/plant?host={tmp_path}")
    done = factory("migrate")
    assert done.exit_code == 1
    assert "the database does not answer" in done.stderr
    assert "factory doctor" in done.stderr
    assert "hunter2" not in done.output


def test_the_address_is_printed_for_other_programs(warehouse_url: str) -> None:
    assert factory("db", "url").stdout == f"{warehouse_url}\n"
    dagster = factory("db", "url", "--dagster").stdout
    assert dagster.startswith("postgresql+psycopg2://")
    assert "/dagster" in dagster


def test_a_server_of_somebody_else_is_not_stopped(warehouse_url: str) -> None:
    done = factory("db", "stop")
    assert done.exit_code == 2
    assert "not ours to stop" in done.stderr


def test_without_a_server_there_is_nothing_to_stop() -> None:
    done = factory("db", "stop")
    assert (done.exit_code, done.stdout.strip()) == (0, "it was not running")


def test_backup_and_restore_ask_before_they_replace(plant: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "plant.dump"
    assert factory("run", PULL, "--partition", DAY).exit_code == 0
    done = factory("db", "backup", str(file))
    assert done.exit_code == 0, done.output
    assert "MB" in done.stdout
    assert factory("run", PULL, "--partition", "2025-09-12").exit_code == 0
    declined = factory("db", "restore", str(file), answers="n\n")
    assert declined.exit_code == 1
    days = sql.SQL("SELECT count(DISTINCT production_day) AS n FROM rtms.session_wise_production")
    assert plant.rows(days) == [{"n": 2}]
    accepted = factory("db", "restore", str(file), "--yes")
    assert accepted.exit_code == 0, accepted.output
    assert plant.rows(days) == [{"n": 1}]


def test_a_file_that_cannot_be_restored_is_said_in_a_line(warehouse: Warehouse, tmp_path: Path) -> None:
    done = factory("db", "restore", str(tmp_path / "[nothing].dump"), "--yes")
    assert done.exit_code == 1
    assert "[nothing].dump: no such file" in done.stderr


def test_the_doctor_tells_of_the_database_and_its_exit_status(warehouse: Warehouse) -> None:
    done = factory("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings
    assert all(finding["status"] in {"ok", "warn", "fail", "off"} for finding in findings.values())
    assert all(finding["remedy"] for finding in findings.values() if finding["status"] == "fail")
    assert done.exit_code == (1 if any(f["status"] == "fail" for f in findings.values()) else 0)
    assert factory("doctor").exit_code == done.exit_code


def test_a_port_that_is_taken_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        environment = {"PATH": "/usr/bin:/bin", "FACTORY_HOME": str(tmp_path), "FACTORY_UI__PORT": str(port)}
        done = subprocess.run([FACTORY, "demo"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1, done.stderr
    assert f"port {port} on 127.0.0.1, wanted for the Dagster UI, is taken" in done.stderr
    assert "FACTORY_UI__PORT" in done.stderr
    assert not (tmp_path / "postgres").exists()


def test_check_config_lists_the_cameras_or_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    monkeypatch.setenv("FACTORY_CAMERAS__FILE", str(path))
    missing = factory("edge", "--check-config")
    assert missing.exit_code == 2
    assert "FACTORY_CAMERAS__FILE" in missing.output

    path.write_text("cameras:\n  - name: yard\n    source_url: rtsp://u:s3cret@10.0.0.5/a\n    fsp: 5\n")
    wrong = factory("edge", "--check-config")
    assert wrong.exit_code == 2
    assert "line 4: cameras[0].fsp: there is no such key" in wrong.output

    path.write_text(path.read_text().replace("fsp", "fps"))
    right = factory("edge", "--check-config")
    assert right.exit_code == 0
    assert "camera yard: view, 5 pictures a second" in right.output
    assert "s3cret" not in wrong.output + right.output
