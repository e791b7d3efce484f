"""What Dagster costs us: the ten-minute job beside an empty job, loading the code location beside its bare imports.

``python -m benchmarks.dagster_jobs`` prints the entries. Whole processes, as the daemon starts them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness import entry, in_turns
from factory_pipelines.operations.dagster_home import prepare
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines.warehouse.migrate import migrate

_EMPTY = """
import dagster as dg

@dg.asset
def empty() -> None: ...

defs = dg.Definitions(
    assets=[empty], jobs=[dg.define_asset_job("empty_job", selection="empty", executor_def=dg.in_process_executor)]
)
"""
_PULL_ROWS_SCALE = 10.0  # of the simulated factory: about 5,000 rows a day


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    return [loading_against_imports(), pull_job_against_empty_job()]


def loading_against_imports() -> dict[str, Any]:
    """Importing the code location, against ``import dagster, pandas``."""
    bare_s, ours_s = in_turns(
        lambda: _python("-c", "import dagster, pandas"),
        lambda: _python("-c", "import factory_pipelines.definitions"),
        rounds=7,
    )
    return entry("code_location_load", ours_s / bare_s, 1.3, f"ours {ours_s:.2f} s, bare imports {bare_s:.2f} s")


def pull_job_against_empty_job() -> dict[str, Any]:
    """``rtms_pull`` of a day of about 5,000 rows with all its checks, against an empty in-process job."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        settings = Settings(home=Path(folder) / "home")
        try:
            migrate(settings)
            environment = {
                **os.environ,
                **prepare(settings),
                "FACTORY_HOME": str(settings.home_dir),
                "FACTORY_RTMS__SOURCE": "demo",
                "FACTORY_DEMO__SCALE": str(_PULL_ROWS_SCALE),
            }
            empty = Path(folder) / "empty.py"
            empty.write_text(_EMPTY)
            tags = json.dumps({"dagster/partition": "2025-11-20"})
            bare_s, ours_s = in_turns(
                lambda: _job("-f", str(empty), "-j", "empty_job", environment=environment),
                lambda: _job(
                    *("-m", "factory_pipelines.definitions", "-j", "rtms_pull", "--tags", tags), environment=environment
                ),
                rounds=4,
            )
        finally:
            EmbeddedServer(settings.home_dir).stop()
    detail = f"about 5,000 rows with all checks {ours_s:.2f} s, empty job {bare_s:.2f} s"
    return entry("ten_minute_job", ours_s / bare_s, 3.0, detail)


def _python(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def _job(*arguments: str, environment: Mapping[str, str]) -> None:
    command = [str(Path(sys.executable).parent / "dagster"), "job", "execute", *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
