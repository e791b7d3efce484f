"""Every service of docker-compose.yml, started by hand: its command, its environment, its health check.

What Docker would provide is put in its place: the database server of the tests for `timescaledb`, free ports on
loopback, a temporary folder for the volume, this checkout for the files of the image.
"""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import psutil
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.operations.dagster_home import write_configuration
from factory_pipelines.warehouse.addresses import with_login
from factory_pipelines_tests.integration.deploy import compose

VARIABLES = {
    **{name: secrets.token_hex(16) for name in compose.required_variables()},
    "FACTORY_API__KEYS": "operators:0123456789abcdef0123",
}
PLANT = {"FACTORY_RTMS__SOURCE": "demo", "FACTORY_PLANT__TIMEZONE": "Asia/Kolkata"}
START_TIMEOUT_S = 150


class Stack:
    """The services as processes of this machine."""

    def __init__(self, admin_url: str, folder: Path) -> None:
        self.services: dict[str, dict[str, Any]] = compose.load(VARIABLES, PLANT)["services"]
        self.folder = folder
        self.ports = dict(zip(("4000", "3000", "8010"), _free_ports(3), strict=True))
        self.databases = {name: f"{name}_{secrets.token_hex(6)}" for name in ("factory", "dagster")}
        self._admin_url = admin_url
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        """A one-shot service, to its end."""
        return subprocess.run(
            self._here(self.services[name]["command"]),
            env=self._environment(name),
            cwd=compose.ROOT,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
            check=False,
        )

    def start(self, name: str) -> None:
        """A service, as a process of this machine."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*compose.WITH_USUAL_SIGNALS, *self._here(self.services[name]["command"])],
                env=self._environment(name),
                cwd=compose.ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_healthy(self, name: str) -> None:
        """Returns when the service's own health check is content."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            health = subprocess.run(
                self._here(self.services[name]["healthcheck"]["test"][1:]),
                env=self._environment(name),
                cwd=compose.ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            if health.returncode == 0:
                return
            assert self._running[name].poll() is None, self._said(name)
            assert time.monotonic() < deadline, f"{health.stdout}{health.stderr}\n{self._said(name)}"
            time.sleep(1)

    def stop(self, name: str) -> float:
        """Ends a service as Docker does, and everything it started; the seconds it took to end by itself."""
        process = self._running.pop(name)
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
            return time.monotonic() - began
        finally:
            process.kill()
            process.wait()
            for child in family:
                if child.is_running():
                    child.kill()

    def stop_all(self) -> None:
        for name in [*self._running]:
            self.stop(name)

    def url(self, container_port: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[container_port]}{path}"

    def _said(self, name: str) -> str:
        return f"{name} said:\n" + (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def _environment(self, name: str) -> dict[str, str]:
        recipe = (compose.ROOT / "deploy" / "Dockerfile").read_text()
        of_image = dict(re.findall(r"^(?:ENV|   ) (\w+)=(\S+)", recipe.partition("COPY --from=build")[2], re.MULTILINE))
        given = {**of_image, **self.services[name]["environment"]}
        here = {variable: self._translated(value) for variable, value in given.items()}
        return {**here, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

    def _here(self, command: list[str]) -> list[str]:
        return [self._translated(word) for word in command]

    def _translated(self, text: str) -> str:
        """``text`` of the file, meaning the same on this machine."""
        if text.startswith("postgresql"):
            return self._database_url(text)
        text = {"0.0.0.0": "127.0.0.1", "code-server": "127.0.0.1"}.get(text, text)  # noqa: S104 - taken out
        folders = {
            "/opt/factory/dagster": self.folder,
            "/opt/factory": compose.ROOT,
            "/var/lib/factory": self.folder,
            "/tmp": self.folder,  # noqa: S108 - the container's own
        }
        of_container = next((name for name in folders if text == name or text.startswith(f"{name}/")), None)
        if of_container is not None:
            return f"{folders[of_container]}{text.removeprefix(of_container)}"
        return re.sub(r"(?<!\d)(4000|3000|8010)(?!\d)", lambda port: str(self.ports[port[0]]), text)

    def _database_url(self, text: str) -> str:
        parts = urlsplit(text)
        assert (parts.hostname, parts.port) == ("timescaledb", 5432)
        url = with_login(self._admin_url, database=self.databases[parts.path.strip("/")])
        if parts.username != "postgres":
            assert parts.username
            url = with_login(url, user=parts.username, password=unquote(parts.password or ""))
        return url.replace("postgresql:", f"{parts.scheme}:", 1)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as open_until_all_are_found:
        found = [open_until_all_are_found.enter_context(socket.socket()) for _ in range(number)]
        for listener in found:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in found]


@pytest.fixture
def stack(warehouse_url: str, tmp_path: Path) -> Iterator[Stack]:
    """The stack with two databases of its own; `migrate` finds the first one empty, as in a new plant."""
    made = Stack(warehouse_url, tmp_path)
    (tmp_path / "dagster").mkdir()
    write_configuration(tmp_path)  # the image joins the same two files
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        for name, owner in {"factory": "postgres", "dagster": "dagster"}.items():
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            admin.execute(statement.format(sql.Identifier(made.databases[name]), sql.Identifier(owner)))
    yield made
    made.stop_all()
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        for database in made.databases.values():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


@pytest.mark.timeout(600)  # six processes and their health checks, on a machine that runs other tests too
def test_every_service_comes_up_with_the_command_and_the_settings_of_the_file(stack: Stack) -> None:
    for _ in range(2):  # `docker compose up` runs it at every start
        migrated = stack.run("migrate")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    stack.start("edge")
    stack.start("code-server")
    stack.wait_until_healthy("code-server")
    stack.start("webserver")
    stack.start("daemon")
    for name in ("edge", "webserver", "daemon"):
        stack.wait_until_healthy(name)

    question = "{ assetNodes { assetKey { path } } workspaceOrError { ... on Workspace { locationEntries { name } } } }"
    shown = httpx.post(stack.url("3000", "/graphql"), json={"query": question}, timeout=60).json()["data"]
    assert [entry["name"] for entry in shown["workspaceOrError"]["locationEntries"]] == ["factory_pipelines"]
    assert ["production", "employee_efficiency"] in [node["assetKey"]["path"] for node in shown["assetNodes"]]
    assert httpx.get(stack.url("8010", "/api/health/ready"), timeout=60).json()["status"] == "ready"

    for name in ("edge", "daemon", "webserver", "code-server"):
        grace_s = float(stack.services[name]["stop_grace_period"].removesuffix("s"))
        assert stack.stop(name) < grace_s, f"{name} would be killed by Docker"
