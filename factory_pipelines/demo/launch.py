"""``factory demo``: from nothing to a running factory.

The first start makes the database, simulates the history, replays the last hour as ten-minute pulls so that there are
alerts to see, and materializes every asset. A later start keeps all of it and only adds what happened since.
"""

import json
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from factory_pipelines.demo.first_hour import pull_last_hour
from factory_pipelines.operations import dagster_home, services
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse

if TYPE_CHECKING:
    import dagster as dg

    from factory_pipelines.operations.runs import RunOutcome

_KEY_FILE = "demo-api-key"
_STATE_FILE = "demo.json"
_TOLD_DAYS = 28


class DemoFailedError(RuntimeError):
    """A run of the demo failed, or one of its checks."""


@dataclass
class Steps:
    """Prints what is being done, and how long it took."""

    console: Console

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """One step; the value yielded tells the detail it is at."""
        started = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{title} …") as status:
                yield lambda detail: status.update(f"{title}: {detail}")
        else:
            self.console.print(f"{title} …")
            yield lambda _detail: None
        self.console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")


def run_demo(load_defs: "Callable[[], dg.Definitions]", *, serve: bool, console: Console) -> int:
    """Brings the simulated factory up to this moment, then serves it until Ctrl-C; returns the exit status.

    ``load_defs`` gives the code location, once the environment says that this is the demo.
    """
    settings = _as_demo()
    _log_to_file(settings.home_dir / "logs")
    steps = Steps(console)
    if serve:
        services.require_free_ports(settings)
    with steps.step("database"):
        migrate(settings)
    environment = dagster_home.prepare(settings)
    os.environ.update(environment)
    warehouse = open_warehouse(settings, application_name="factory-demo")
    try:
        _catch_up(settings, warehouse, load_defs, steps)
    except DemoFailedError as error:
        console.print(f"[red]{error}[/]\nThe runs are kept: `factory up` shows them in the Dagster UI.")
        return 1
    finally:
        warehouse.close()
    if not serve:
        console.print("everything is materialized and every check has passed")
        _stop_database(settings)
        return 0
    console.print("starting the Dagster UI and the API …")
    return 0 if services.serve(settings, environment, lambda: _welcome(settings, console)) else 1


def _log_to_file(folder: Path) -> None:
    """The alerts' log channel speaks at length; the shell shows steps."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=folder / "demo.log", format="%(asctime)s %(levelname)s %(message)s", force=True)


def _as_demo() -> Settings:
    """This process's settings, as the demo's: simulated source, remembered first day, generated API key."""
    os.environ["FACTORY_RTMS__SOURCE"] = "demo"
    settings = load_settings()
    home = settings.home_dir
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("FACTORY_RTMS__FIRST_DAY", _remembered_first_day(settings).isoformat())
    os.environ.setdefault("FACTORY_API__KEYS", json.dumps([f"demo:{_remembered_key(home)}"]))
    return load_settings()


def _remembered_first_day(settings: Settings) -> date:
    """The first day of the simulated history: fixed at the first start, because partitions begin there."""
    file = settings.home_dir / _STATE_FILE
    if file.exists():
        return date.fromisoformat(json.loads(file.read_text())["first_day"])
    today = settings.plant.clock().production_day(datetime.now(UTC))
    first = today - timedelta(days=settings.demo.days)
    file.write_text(json.dumps({"first_day": first.isoformat()}))
    return first


def _remembered_key(home: Path) -> str:
    file = home / _KEY_FILE
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(24))
    return file.read_text()


def _catch_up(
    settings: Settings, warehouse: Warehouse, load_defs: "Callable[[], dg.Definitions]", steps: Steps
) -> None:
    now = datetime.now(UTC)
    clock = settings.plant.clock()
    today = clock.production_day(now)
    state = warehouse.rows("demo/progress")[0]
    if state["last_pull_at"] and now - state["last_pull_at"] < timedelta(minutes=10) and state["complete"]:
        return
    with steps.step("code location"):
        import dagster as dg

        defs = load_defs()
    if state["last_day"] is None:
        with steps.step("the last hour, pull by pull"):
            pull_last_hour(warehouse, settings, now)
    first = state["last_day"] if state["complete"] else settings.rtms.first_day
    whole = _unpartitioned(defs)
    # Patterns and texts of the last four weeks are what anybody reads; insights come last, they tell the forecast too.
    patterns = dg.AssetSelection.assets(["production", "patterns"])
    insights = dg.AssetSelection.assets(["production", "insights"])
    daily = dg.AssetSelection.all().materializable() - whole - patterns - insights
    recent = max(first, today - timedelta(days=_TOLD_DAYS))
    runs = [
        (f"{(today - first).days + 1} production days: pulls, efficiency, checks", daily, first),
        ("patterns", patterns, recent),
        ("model, forecast, alerts, scoreboard", whole, None),
        ("insights", insights, recent),
    ]
    with dg.DagsterInstance.get() as instance:
        for title, selection, since in runs:
            with steps.step(title) as detail:
                _require(_materialize(defs, instance, selection, detail, first=since, last=today))


def _unpartitioned(defs: "dg.Definitions") -> "dg.AssetSelection":
    import dagster as dg

    keys = [spec.key for spec in defs.resolve_all_asset_specs() if spec.partitions_def is None]
    return dg.AssetSelection.assets(*keys)


def _materialize(
    defs: "dg.Definitions",
    instance: "dg.DagsterInstance",
    selection: "dg.AssetSelection",
    detail: Callable[[str], None],
    *,
    first: date | None = None,
    last: date | None = None,
) -> "RunOutcome":
    from factory_pipelines.operations.runs import materialize

    keys = {"first": first.isoformat(), "last": last.isoformat()} if first and last else {}
    return materialize(defs, instance, selection, on_step=detail, **keys)


def _require(outcome: "RunOutcome") -> None:
    if not outcome.success:
        what = ", ".join([*outcome.failed_steps, *outcome.failed_checks])
        raise DemoFailedError(f"run {outcome.run_id} failed: {what}")


def _stop_database(settings: Settings) -> None:
    if settings.database_url is None:
        from factory_pipelines.warehouse.embedded import EmbeddedServer

        EmbeddedServer(settings.home_dir).stop()


def _welcome(settings: Settings, console: Console) -> None:
    for address in services.addresses(settings):
        console.print(f"  {address.what:<11} [bold]{address.url}[/]")
    key = _remembered_key(settings.home_dir)
    edge = services.addresses(settings)[1]
    console.print(f"  try         curl -H 'X-API-Key: {key}' {edge.url}/api/rtms/analyze")
    console.print("  logs        " + str(settings.home_dir / "logs"))
    console.print("Ctrl-C stops everything; the data stays.")
    sys.stdout.flush()
