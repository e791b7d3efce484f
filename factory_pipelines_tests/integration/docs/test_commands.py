"""README and docs keep their word: links lead somewhere, commands are commands, and those of the README run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from factory_pipelines.cli import app

ROOT = Path(__file__).parents[3]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BIN = Path(sys.executable).parent
DAY = "2026-11-19"  # a working day that the README names


def blocks(page: Path) -> Iterator[str]:
    """Lines of the fenced blocks, comments cut off."""
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            yield re.sub(r"\s+#.*$", "", line).strip()


def commands(name: str) -> list[tuple[str, str]]:
    """Every line of the documentation that calls ``name``, with its page."""
    prefixes = (f"{name} ", f".venv/bin/{name} ")
    return [(page.name, line) for page in PAGES for line in blocks(page) if line.startswith(prefixes)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize(("page", "line"), commands("make"))
def test_make_targets_exist(page: str, line: str) -> None:
    done = subprocess.run([*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{page}: {line}: {done.stderr}"


@pytest.mark.parametrize(("page", "line"), commands("factory"))
def test_factory_commands_parse(page: str, line: str) -> None:
    """Every command and option that is written down exists; nothing is run here."""
    arguments = shlex.split(re.split(r"\s[|>&]", line)[0])[1:]
    # Arguments and options are parsed before --help is obeyed.
    asked = CliRunner().invoke(app, [*arguments, "--help"])
    assert asked.exit_code == 0, f"{page}: {line}: {asked.output}"


@pytest.mark.database
def test_the_commands_of_the_readme_run(warehouse_url: str, tmp_path: Path) -> None:
    """One after the other, as a stranger would paste them, on an empty warehouse of a simulated factory."""
    environment = {**os.environ, "FACTORY_RTMS__FIRST_DAY": "2026-11-16", "PATH": f"{BIN}:{os.environ['PATH']}"}
    lines = [line for line in blocks(ROOT / "README.md") if line.startswith("factory ")]
    assert any(DAY in line for line in lines)
    for line in ["factory run rtms/supervisors", f"factory run rtms/session_wise_production --partition {DAY}", *lines]:
        done = subprocess.run(
            shlex.split(line), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        # An empty warehouse misses bars of the scoreboard, which is 1 and no crash.
        allowed = {0, 1} if line.startswith("factory score") else {0}
        assert done.returncode in allowed, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"
    assert (tmp_path / "warehouse.dump").stat().st_size > 0
