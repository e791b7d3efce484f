"""The edge as a real process on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_SERVE = (
    "from factory_pipelines.settings import load_settings; from factory_pipelines.edge.server import serve;"
    "raise SystemExit(serve(load_settings()))"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Edge:
    """A started process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, secret: str, **kwargs: Any) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers={"X-API-Key": secret}, timeout=20, **kwargs)

    def terminate(self) -> tuple[int, float]:
        """Exit status and seconds from SIGTERM to the end."""
        started_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        return status, time.monotonic() - started_s

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def start(folder: Path, settings: Mapping[str, str], program: Sequence[str] = ("-c", _SERVE)) -> Edge:
    """Starts the process; it may not be listening yet, or ever."""
    port = int(settings.get("FACTORY_API__PORT", free_port()))
    log = folder / f"edge-{port}-{time.monotonic_ns()}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *program],
            env={**os.environ, **settings, "FACTORY_API__PORT": str(port)},
            stdout=stream,
            stderr=stream,
        )
    return Edge(process, port, log)


@contextmanager
def running(folder: Path, settings: Mapping[str, str], program: Sequence[str] = ("-c", _SERVE)) -> Iterator[Edge]:
    """A process that answers; ended on leaving."""
    edge = start(folder, settings, program)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert edge.process.poll() is None, edge.log.read_text()
            try:
                httpx.get(f"{edge.url}/api/health", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, edge.log.read_text()
                time.sleep(0.1)
        yield edge
    finally:
        if edge.process.poll() is None:
            edge.process.kill()
            edge.process.wait(10)
