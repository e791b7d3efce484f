"""The process: what only a real socket, a real signal and a real outage can show."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines.warehouse.migrate import migrate
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse
from factory_pipelines_tests.integration.edge.conftest import PULLED_AT, SECRET
from factory_pipelines_tests.integration.edge.processes import Edge, running, start
from factory_pipelines_tests.integration.edge.shop_floor import ROWS, compute, pull

KEYS = {"FACTORY_API__KEYS": json.dumps([f"tests:{SECRET}"])}


# A server that is not there: what happens before the first query needs none.
NO_DATABASE = {"FACTORY_DATABASE_URL": "postgresql://factory@127.0.0.1:9/factory"}


@pytest.fixture
def edge(shop_floor: Warehouse, tmp_path: Path) -> Iterator[Edge]:
    with running(tmp_path, KEYS) as process:
        yield process


@pytest.fixture(scope="module")
def bare_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One process for all that needs no database."""
    with running(tmp_path_factory.mktemp("edge"), {**KEYS, **NO_DATABASE}) as process:
        yield process


def talk(edge: Edge, *pieces: bytes, seconds: float = 10) -> bytes:
    """Sends raw bytes and reads to the end of the connection."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=seconds) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


def test_a_gigabyte_header_is_cut_off_early_and_costs_no_memory(bare_edge: Edge) -> None:
    process = psutil.Process(bare_edge.process.pid)
    before_bytes = process.memory_info().rss
    started_s = time.monotonic()
    sent_bytes = 0
    with socket.create_connection(("127.0.0.1", bare_edge.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: ")
        try:
            while sent_bytes < 1024 * 1_048_576:
                connection.sendall(b"x" * 1_048_576)
                sent_bytes += 1_048_576
        except ConnectionError:
            assert sent_bytes < 64 * 1_048_576
    assert time.monotonic() - started_s < 5
    assert process.memory_info().rss - before_bytes < 32 * 1_048_576
    assert bare_edge.get("/api/system-info", SECRET).status_code == 200


def test_headers_just_above_the_limit_are_told_so_in_the_one_error_body(bare_edge: Edge) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 100) for number in range(400))
    answer = talk(bare_edge, b"GET / HTTP/1.1\r\nHost: x\r\n" + many[:33_000])
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "headers_too_large"


def test_what_is_no_http_is_told_so_too(bare_edge: Edge) -> None:
    answer = talk(bare_edge, b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"


def test_a_huge_announced_body_is_refused_before_it_is_sent(bare_edge: Edge) -> None:
    head = f"POST /api/rtms/analyze HTTP/1.1\r\nHost: x\r\nX-API-Key: {SECRET}\r\nContent-Length: 10000000000\r\n\r\n"
    started_s = time.monotonic()
    answer = talk(bare_edge, head.encode())
    assert time.monotonic() - started_s < 2
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_sigterm_ends_it_in_time_with_a_connection_open_and_no_database(tmp_path: Path) -> None:
    with running(tmp_path, {**KEYS, **NO_DATABASE}) as edge, httpx.Client(base_url=edge.url) as client:
        client.get("/api/health")
        status, took_s = edge.terminate()
    assert (status, took_s < 3) == (0, True)


def test_sigterm_ends_it_in_time_with_a_query_that_hangs(edge: Edge, warehouse_url: str) -> None:
    with psycopg.connect(warehouse_url) as blocker:
        blocker.execute("LOCK TABLE rtms.pulls IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Thread(target=lambda: _ignore_disconnect(edge), daemon=True)
        waiting.start()
        stuck = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with psycopg.connect(warehouse_url, autocommit=True) as watcher:
            _wait_until(lambda: watcher.execute(stuck).fetchone() == (1,))
            status, took_s = edge.terminate()
            assert (status, took_s < 3) == (0, True)
            # The server must not go on working for somebody who has left.
            _wait_until(lambda: watcher.execute(stuck).fetchone() == (0,))
    waiting.join(5)


def _ignore_disconnect(edge: Edge) -> None:
    try:
        edge.get("/api/rtms/analyze", SECRET)
    except httpx.TransportError:
        return


def _wait_until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        edge = start(tmp_path, {**KEYS, **NO_DATABASE, "FACTORY_API__PORT": str(port)})
        assert edge.process.wait(60) == 1
    last = edge.log_lines()[-1]
    assert f"port {port} on 127.0.0.1" in last["message"]
    assert "FACTORY_API__PORT" in last["message"]


def test_it_refuses_to_start_without_a_key_or_with_the_seeds_password(tmp_path: Path) -> None:
    without_key = start(tmp_path, NO_DATABASE)
    known_password = start(
        tmp_path,
        {**KEYS, **NO_DATABASE, "FACTORY_RTMS__SOURCE": "mssql", "FACTORY_RTMS__ODBC": "UID=sa;PWD=Passw0rd"},
    )
    for edge, says in ((without_key, "FACTORY_API__KEYS"), (known_password, "FACTORY_RTMS__ODBC")):
        assert edge.process.wait(60) == 1
        assert says in edge.log_lines()[-1]["reason"]
        assert "Passw0rd" not in edge.log.read_text()


def test_the_log_is_json_with_correlation_ids_and_without_secrets(edge: Edge) -> None:
    edge.get("/api/rtms/analyze", SECRET)
    httpx.get(f"{edge.url}/api/rtms/analyze", params={"key": SECRET}, headers={"X-API-Key": SECRET + "x"})
    httpx.get(f"{edge.url}/{SECRET}", headers={"X-Request-ID": "find-me"})
    edge.terminate()
    assert SECRET not in edge.log.read_text()
    requests = [line for line in edge.log_lines() if line["message"] == "request"]
    found = [line for line in requests if line["request_id"] == "find-me"]
    assert [(line["status"], line["path"]) for line in found] == [(401, "/***")]
    assert all(line["request_id"] for line in requests)
    by_key = [line for line in requests if line["key"] == "tests"]
    assert [(line["status"], line["route"]) for line in by_key] == [(200, "/api/rtms/analyze")]


def test_a_dead_database_is_503_and_comes_back_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(tempfile.mkdtemp(prefix="edge-db-"))  # directly under /tmp: a socket's path is short
    home.chmod(0o755)
    server = EmbeddedServer(home)
    try:
        monkeypatch.setenv("FACTORY_DATABASE_URL", server.start())
        settings = load_settings()
        migrate(settings)
        warehouse = open_warehouse(settings)
        pull(warehouse, ROWS, PULLED_AT)
        compute(warehouse)
        warehouse.close()
        with running(tmp_path, KEYS) as edge:
            assert edge.get("/api/rtms/analyze", SECRET).status_code == 200
            server.stop()
            for path in ("/api/rtms/analyze", "/api/rtms/hierarchy/LineName", "/api/health/ready"):
                away = edge.get(path, SECRET)
                assert (away.status_code, away.json()["error"]["code"]) == (503, "warehouse_unavailable")
                assert int(away.headers["Retry-After"]) > 0
            # Nobody else waits for the time-out of the first.
            started_s = time.monotonic()
            assert [edge.get("/api/rtms/analyze", SECRET).status_code for _ in range(5)] == [503] * 5
            assert time.monotonic() - started_s < 12
            assert edge.get("/api/health", SECRET).status_code == 200
            status = edge.get("/api/rtms/status", SECRET).json()
            assert (status["status"], status["database"]["state"]) == ("degraded", "unavailable")
            assert "factory_warehouse_up 0.0" in edge.get("/metrics", SECRET).text
            server.start()
            _wait_until(lambda: edge.get("/api/rtms/analyze", SECRET).status_code == 200, seconds=20)
            assert edge.process.poll() is None
            assert edge.terminate()[0] == 0
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.mark.usefixtures("shop_floor")
def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(tmp_path: Path) -> None:
    generous = {**KEYS, "FACTORY_API__RATE_LIMIT_PER_MIN": "1000000"}
    with running(tmp_path, generous) as edge:
        command = [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{edge.url}/openapi.json",
            "--header", f"X-API-Key: {SECRET}", "--max-examples", "8", "--seed", "7", "--no-color",
            "--generation-database", "none",
            # Streams that never end, a Dagster run, cameras that would be called up: each has tests of its own.
            "--exclude-path", "/api/wall/stream", "--exclude-path", "/api/video_feed",
            "--exclude-path", "/api/v1/occupancy/trigger-aggregation", "--exclude-path", "/api/v1/cameras/{name}",
        ]  # fmt: skip
        finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=200, check=False)
        failed = [line for line in edge.log_lines() if line.get("status", 0) >= 500]
    assert finished.returncode == 0, finished.stdout[-8000:]
    assert failed == []
