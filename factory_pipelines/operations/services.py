"""Serving: the Dagster UI, its daemon and the edge API as child processes of one command."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from factory_pipelines.operations.dagster_home import configuration_file
from factory_pipelines.operations.supervisor import Command, HealthPolicy, Supervisor
from factory_pipelines.settings import Settings


class PortTakenError(OSError):
    """Somebody else listens where we want to."""


@dataclass(frozen=True)
class Address:
    """Where one of our servers listens."""

    what: str
    host: str
    port: int
    setting: str

    @property
    def url(self) -> str:
        """For a browser."""
        return f"http://{self.host}:{self.port}"


def addresses(settings: Settings) -> list[Address]:
    """The servers that ``serve`` starts."""
    return [
        Address("Dagster UI", settings.ui.host, settings.ui.port, "FACTORY_UI__PORT"),
        Address("edge API", settings.api.host, settings.api.port, "FACTORY_API__PORT"),
    ]


def require_free_ports(settings: Settings, *others: Address) -> None:
    """Raises PortTakenError, naming the port and the setting that moves it, before anything is started."""
    for address in (*addresses(settings), *others):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.host, address.port))
            except OSError as error:
                raise PortTakenError(
                    f"port {address.port} on {address.host}, wanted for the {address.what}, is taken: "
                    f"stop whoever has it, or choose another with {address.setting}=…"
                ) from error


def commands(settings: Settings, environment: Mapping[str, str]) -> list[Command]:
    """The processes that make up a running platform on one machine."""
    bin_dir = Path(sys.executable).parent
    workspace = str(configuration_file("workspace.yaml"))
    ui, edge = addresses(settings)
    return [
        Command(
            "dagster",
            [
                str(bin_dir / "dagster"), "dev", "--workspace", workspace, "--host", ui.host, "--port", str(ui.port),
            ],
            health_url=f"{ui.url}/server_info",
            environment=environment,
        ),
        Command(
            "edge", [str(bin_dir / "factory"), "edge"], health_url=f"{edge.url}/api/health", environment=environment
        ),
    ]  # fmt: skip


def serve(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None],
    beside: Sequence[Command] = (),
) -> bool:
    """Serves until Ctrl-C or SIGTERM.

    Calls ``on_ready`` once everything answers, and ``on_stop`` when stopping begins, which takes some seconds. Returns
    False when a process could not be kept running. ``beside`` are further processes, which get the same environment.
    """
    stop = threading.Event()

    def end(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            on_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    supervisor = Supervisor(
        [*commands(settings, {**os.environ, **environment}), *beside],
        settings.home_dir / "logs",
        health=HealthPolicy(grace_s=180.0),
        stop_grace_s=15.0,
    )
    threading.Thread(target=_announce, args=(settings, stop, on_ready), daemon=True).start()
    return supervisor.run(stop)


def _announce(settings: Settings, stop: threading.Event, on_ready: Callable[[], None]) -> None:
    from factory_pipelines.operations.probe import complaint

    ui, edge = addresses(settings)
    urls = [f"{ui.url}/server_info", f"{edge.url}/api/health"]
    while not stop.wait(0.5):
        if not any(complaint(url, 2.0) for url in urls):
            on_ready()
            return
