"""What an answer of the API costs beside a bare FastAPI route that returns the same bytes.

``python -m benchmarks.api`` prints the entries. Both are asked over HTTP on loopback, one after the other on one
connection, each by its own uvicorn process, so that neither borrows the other's interpreter.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from psycopg import sql

from benchmarks.harness import entry, in_turns, own_server
from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.production.ingest import pull_day
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.slices import rebuild_days

_DAY = date(2025, 9, 12)
_KEY = "benchmark-of-the-edge-api"
_REQUESTS = 200
_ROUNDS = 7

_OURS = """
from factory_pipelines.edge.server import serve
from factory_pipelines.settings import load_settings
raise SystemExit(serve(load_settings()))
"""
# The same server and parser, and nothing of ours.
_BARE = """
import os, pathlib, uvicorn
from fastapi import FastAPI, Response
app = FastAPI()
body = pathlib.Path(os.environ["BENCH_BODY"]).read_bytes()
@app.get("/api/rtms/analyze")
def analyze() -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, port=int(os.environ["FACTORY_API__PORT"]), http="h11", log_level="warning", access_log=False)
"""


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with own_server() as open_database, tempfile.TemporaryDirectory() as folder:
        warehouse = open_database("api")
        _fill(warehouse)
        environment = {
            "FACTORY_DATABASE_URL": warehouse.address,
            "FACTORY_API__KEYS": json.dumps([f"bench:{_KEY}"]),
            "FACTORY_API__RATE_LIMIT_PER_MIN": "100000000",
            "BENCH_BODY": str(Path(folder) / "body.json"),
        }
        with _process(_OURS, environment, "/api/health") as ours:
            body = ours.get("/api/rtms/analyze").raise_for_status().content
            Path(environment["BENCH_BODY"]).write_bytes(body)
            with _process(_BARE, environment, "/api/rtms/analyze") as bare:
                return [_warm_against_bare(bare, ours, len(body))]


def _warm_against_bare(bare: httpx.Client, ours: httpx.Client, body_bytes: int) -> dict[str, Any]:
    """The analysis out of the cache (key, rate limit, version query, log, metrics, audit) against the bare route."""

    def ask(client: httpx.Client) -> None:
        for _ in range(_REQUESTS):
            client.get("/api/rtms/analyze").raise_for_status()

    ask(bare)
    ask(ours)
    bare_s, ours_s = in_turns(lambda: ask(bare), lambda: ask(ours), rounds=_ROUNDS)
    detail = (
        f"{body_bytes:,} bytes: {1000 * ours_s / _REQUESTS:.2f} ms an answer out of the cache, "
        f"{1000 * bare_s / _REQUESTS:.2f} ms bare"
    )
    return entry("api_analyze_warm", ours_s / bare_s, 3.0, detail)


def _fill(warehouse: Warehouse) -> None:
    """One day of the demo factory, about 500 rows, pulled and computed."""
    settings = Settings()
    evening = settings.plant.clock().window(_DAY)[1]
    factory = Factory(settings.demo.seed, settings.demo.scale, settings.plant.clock())
    pull_day(warehouse, DemoRtms(factory, lambda: evening), _DAY, now=evening)
    for table in ("operation_benchmark", "employee_efficiency"):
        rebuild_days(warehouse, sql.Identifier("production", table), _DAY, _DAY, f"production/{table}")


@contextmanager
def _process(code: str, environment: dict[str, str], ready_path: str) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **environment, "FACTORY_API__PORT": port},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": _KEY}, timeout=30) as client:
            deadline = time.monotonic() + 60
            while not _answers(client, ready_path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"a server of the benchmark did not start (exit status {process.poll()})")
                time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.wait(10)


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
