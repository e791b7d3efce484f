"""``factory demo``: from nothing to a running factory.

The first start makes the database, simulates the history, replays the last hour as ten-minute pulls so that there are
alerts to see, and materializes every asset. A later start keeps all of it and only adds what happened since.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from factory_pipelines.demo import camera_site, memory
from factory_pipelines.demo.first_hour import pull_last_hour
from factory_pipelines.operations import dagster_home, services
from factory_pipelines.operations.supervisor import Command
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse

if TYPE_CHECKING:
    import dagster as dg

    from factory_pipelines.operations.runs import RunOutcome

_LINE_EVERY_S = 5.0  # where there is no terminal to draw on


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
            yield self._now_and_then(title)
        self.console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")

    def _now_and_then(self, title: str) -> Callable[[str], None]:
        told = time.monotonic()

        def tell(detail: str) -> None:
            nonlocal told
            if time.monotonic() - told > _LINE_EVERY_S:
                told = time.monotonic()
                self.console.print(f"  {title}: {detail}")

        return tell


def run_demo(load_defs: "Callable[[], dg.Definitions]", *, serve: bool, console: Console) -> int:
    """Brings the simulated factory up to this moment, then serves it until Ctrl-C; returns the exit status.

    ``load_defs`` gives the code location, once the environment says that this is the demo. An embedded server that was
    not running before is stopped in the end, whatever the end is.
    """
    settings = memory.begin()
    _log_to_file(settings.home_dir / "logs")
    if serve:
        services.require_free_ports(settings, _camera_address(settings))
    with _own_database(settings):
        return _run(settings, load_defs, Steps(console), serve=serve)


def _run(settings: Settings, load_defs: "Callable[[], dg.Definitions]", steps: "Steps", *, serve: bool) -> int:
    with steps.step("database"):
        migrate(settings)
    environment = dagster_home.prepare(settings)
    os.environ.update(environment)
    warehouse = open_warehouse(settings, application_name="factory-demo")
    try:
        _catch_up(settings, warehouse, load_defs, steps)
    except DemoFailedError as error:
        steps.console.print(f"[red]{error}[/]\nThe runs are kept: `factory up` shows them in the Dagster UI.")
        return 1
    finally:
        warehouse.close()
    if not serve:
        steps.console.print("everything is materialized and every check has passed")
        return 0
    steps.console.print("starting the Dagster UI, the simulated cameras and the API …")
    kept_running = services.serve(
        settings,
        {**environment, **_cameras_for_the_edge(settings)},
        on_ready=lambda: _welcome(settings, steps.console),
        on_stop=lambda: steps.console.print("stopping …"),
        beside=[Command("cameras", [sys.executable, "-m", "factory_pipelines.demo.camera_site"])],
    )
    return 0 if kept_running else 1


def _camera_address(settings: Settings) -> services.Address:
    return services.Address("simulated cameras", "127.0.0.1", settings.demo.camera_port, "FACTORY_DEMO__CAMERA_PORT")


def _cameras_for_the_edge(settings: Settings) -> dict[str, str]:
    """What makes the edge watch the simulated cameras; cameras of somebody's own stay."""
    if settings.cameras.file is not None:
        return {}
    return {
        "FACTORY_CAMERAS__FILE": str(camera_site.write_camera_file(settings)),
        camera_site.PASSWORD_VARIABLE: camera_site.password(settings.home_dir),
    }


@contextmanager
def _own_database(settings: Settings) -> Iterator[None]:
    """Stops the embedded server afterwards, unless somebody else had started it before."""
    from factory_pipelines.warehouse.embedded import EmbeddedServer

    server = EmbeddedServer(settings.home_dir)
    is_ours = settings.database_url is None and server.running_url() is None
    try:
        yield
    finally:
        if is_ours:
            server.stop()


def _log_to_file(folder: Path) -> None:
    """The alerts' log channel speaks at length; the shell shows steps."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=folder / "demo.log", format="%(asctime)s %(levelname)s %(message)s", force=True)


def _catch_up(
    settings: Settings, warehouse: Warehouse, load_defs: "Callable[[], dg.Definitions]", steps: Steps
) -> None:
    now = datetime.now(UTC)
    today = settings.plant.clock().production_day(now)
    state = warehouse.rows("demo/progress")[0]
    if state["complete"] and state["last_day"] == today:
        return  # the ten-minute pull goes on from here
    with steps.step("people and vehicles, event by event") as detail:
        from factory_pipelines.demo.feed import feed

        feed(warehouse, settings, now, tell=detail)
    with steps.step("code location"):
        import dagster as dg

        from factory_pipelines.demo.batches import batches
        from factory_pipelines.operations.runs import materialize

        defs = load_defs()
    if not state["complete"]:
        with steps.step("the last hour, pull by pull"):
            pull_last_hour(warehouse, settings, now)
    clock = settings.plant.clock()
    planned = batches(
        defs,
        clock,
        now,
        since=state["last_day"] if state["complete"] else settings.rtms.first_day,
        events_since=clock.production_day(warehouse.rows("demo/feed_state")[0]["fed_from"]),
        is_first=not state["complete"],
    )
    with dg.DagsterInstance.get() as instance:
        for batch in planned:
            with steps.step(batch.title) as detail:
                _require(
                    materialize(defs, instance, batch.selection, first=batch.first, last=batch.last, on_step=detail)
                )


def _require(outcome: "RunOutcome") -> None:
    if not outcome.success:
        what = ", ".join([*outcome.failed_steps, *outcome.failed_checks])
        raise DemoFailedError(f"run {outcome.run_id} failed: {what}")


def _welcome(settings: Settings, console: Console) -> None:
    for address in services.addresses(settings):
        console.print(f"  {address.what:<11} [bold]{address.url}[/]")
    key = memory.api_key(settings.home_dir)
    edge = services.addresses(settings)[1]
    console.print(f"  camera wall [bold]{edge.url}/[/], with the key [bold]{key}[/]")
    console.print(f"  try         curl -H 'X-API-Key: {key}' {edge.url}/api/rtms/analyze")
    console.print("  logs        " + str(settings.home_dir / "logs"))
    console.print("Ctrl-C stops everything; the data stays.")
    sys.stdout.flush()
