"""The systemd units, read by systemd's own checker."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[3] / "deploy" / "systemd"
SERVICES = ("code-server", "daemon", "webserver", "edge")
# Keys that systemd before 254 does not know, and passes over as the unit's comment says.
NEWER_KEYS = ("RestartSteps", "RestartMaxDelaySec")


def read(unit: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(unit.read_text())
    return parsed


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would be installed, with the programs of this environment."""
    target = tmp_path / "units"
    shutil.copytree(UNITS, target)
    for unit in target.glob("*.service"):
        text = unit.read_text().replace("/opt/factory/.venv/bin/", f"{Path(sys.executable).parent}/")
        unit.write_text(text)
    # The common part must really apply: a key in it that nobody knows has to be complained about, if only because the
    # health units name a factory unit, which is read with them.
    (target / "factory-.service.d" / "99-canary.conf").write_text("[Service]\nCanary=1\n")
    return target


@pytest.mark.parametrize(
    "unit",
    [*(f"factory-{name}.service" for name in SERVICES), "health-factory@edge.service", "health-factory@edge.timer"],
)
def test_systemd_has_nothing_to_complain_about(installed: Path, unit: str) -> None:
    checker = shutil.which("systemd-analyze")
    assert checker, "systemd-analyze is missing: apt-get install systemd"
    template = re.sub(r"@\w+\.", "@.", unit)
    if template != unit:
        shutil.copy(installed / template, installed / unit)
    shown = subprocess.run(
        [checker, "verify", "--man=no", str(installed / unit)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in shown.stderr.splitlines() if str(installed) in line or "not executable" in line]
    canary = [line for line in complaints if "Canary" in line]
    real = [line for line in complaints if line not in canary and not any(key in line for key in NEWER_KEYS)]
    assert real == []
    assert canary, "the common part is not read for units of this prefix"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_restarted_ten_times_with_growing_waits(name: str) -> None:
    unit, common = read(UNITS / f"factory-{name}.service"), read(UNITS / "factory-.service.d" / "10-common.conf")
    assert unit["Unit"]["StartLimitBurst"] == "10"
    assert unit["Service"]["MemoryMax"]
    assert common["Service"]["Restart"] == "on-failure"
    assert common["Service"]["RestartSteps"] == "10"
    assert common["Service"]["User"] == "factory"


@pytest.mark.parametrize("name", ["code-server", "webserver", "edge"])
def test_every_listening_service_is_asked_every_thirty_seconds(name: str) -> None:
    timer = read(UNITS / "health-factory@.timer")
    assert timer["Timer"]["OnUnitInactiveSec"] == "30"
    assert re.fullmatch(
        r"HEALTH_URL=(http|grpc)://127\.0\.0\.1:\d+\S*\n", (UNITS / "health" / f"{name}.env").read_text()
    )
