"""The Windows service, run here with stand-ins for pywin32: it starts the four programs and ends them."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from factory_pipelines_tests.integration.deploy.compose import WITH_USUAL_SIGNALS

ROOT = Path(__file__).parents[3]
STAND_INS = Path(__file__).parent / "windows_stand_ins"
PROGRAMS = ("dagster", "dagster-daemon", "dagster-webserver", "factory")

SAYS_HOW_IT_WAS_CALLED = """#!/bin/sh
echo "$$ $(basename "$0") $* api=$FACTORY_API__PORT key=$SECRET"
exec sleep 600
"""

# What Windows does: it makes the service, runs it in one thread, and asks it to stop from another.
DRIVER = """
import sys, threading, time
import factory_service as module
service = module.FactoryService(["FactoryPipelines"])
runner = threading.Thread(target=service.SvcDoRun)
runner.start()
logs = module.DATA / "logs"
names = ("code-server", "daemon", "webserver", "edge")
deadline = time.monotonic() + 20
while not all((logs / f"{n}.log").exists() and (logs / f"{n}.log").stat().st_size for n in names):
    assert time.monotonic() < deadline and runner.is_alive(), (logs / "service.log").read_text()
    time.sleep(0.02)
service.SvcStop()
runner.join(20)
assert not runner.is_alive()
"""


def run_service(tmp_path: Path, driver: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(STAND_INS), str(ROOT / "deploy" / "windows"), str(ROOT)]),
        "FACTORY_SERVICE_ENVIRONMENT": str(tmp_path / "environment"),
        "FACTORY_SERVICE_DATA": str(tmp_path / "data"),
    }
    command = [*WITH_USUAL_SIGNALS, sys.executable, "-c", driver]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder like an installation's, with programs that say how they were called and then wait."""
    programs, data = tmp_path / "environment" / "bin", tmp_path / "data"
    programs.mkdir(parents=True)
    data.mkdir()
    for name in PROGRAMS:
        program = programs / name
        program.write_text(
            '#!/bin/sh\necho "$$ $(basename "$0") $* api=$FACTORY_API__PORT key=$SECRET"\nexec sleep 600\n'
        )
        program.chmod(0o755)
    (data / "factory.env").write_text("# comment\n\nFACTORY_API__PORT=8123\nSECRET=a=b c\n", encoding="utf-8")
    return tmp_path


def test_the_service_starts_the_four_programs_with_its_settings_and_ends_them(installed: Path) -> None:
    done = run_service(installed, DRIVER)
    assert done.returncode == 0, done.stderr
    logs = installed / "data" / "logs"
    said = {name: (logs / f"{name}.log").read_text() for name in ("code-server", "daemon", "webserver", "edge")}
    assert "dagster api grpc --host 127.0.0.1 --port 4000" in said["code-server"]
    assert "dagster-daemon run --workspace" in said["daemon"]
    assert "dagster-webserver --host 127.0.0.1 --port 3000" in said["webserver"]
    assert "factory edge api=8123 key=a=b c" in said["edge"]
    assert not [text for text in said.values() if psutil.pid_exists(int(text.split()[0]))]
    assert "supervising code-server, daemon, webserver, edge" in (logs / "service.log").read_text()


def test_a_broken_line_in_the_settings_is_named_by_its_number_and_not_its_text(installed: Path) -> None:
    (installed / "data" / "factory.env").write_text("GOOD=1\nhalf-a-secret\n", encoding="utf-8")
    done = run_service(
        installed, "import factory_service as module; module.FactoryService(['FactoryPipelines']).SvcDoRun()"
    )
    assert done.returncode != 0
    assert "line 2: expected NAME=value" in done.stderr
    assert "half-a-secret" not in done.stderr
