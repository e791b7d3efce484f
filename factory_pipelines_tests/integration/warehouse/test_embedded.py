"""The embedded server: started by whoever needs it first, ended on purpose, back after a power cut with its rows."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from factory_pipelines.warehouse.embedded import EmbeddedServer

START = """
import sys
from pathlib import Path
from factory_pipelines.warehouse.embedded import EmbeddedServer
print(EmbeddedServer(Path(sys.argv[1])).start())
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home directly under the temporary folder: a socket's path may have 100 characters."""
    home = Path("/tmp") / f"factory-{secrets.token_hex(4)}"  # noqa: S108 - random, and removed below
    home.mkdir(mode=0o755)
    yield home
    EmbeddedServer(home).stop()
    shutil.rmtree(home)


@pytest.fixture
def server(home: Path) -> EmbeddedServer:
    return EmbeddedServer(home)


def start_elsewhere(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def postmaster(server: EmbeddedServer) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))


def value_in(url: str) -> int | None:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT max(x) FROM kept").fetchone()
    return row[0] if row else None


# The tests follow one server through its life, in this order.


def test_processes_that_start_it_at_once_share_one_server(server: EmbeddedServer, home: Path) -> None:
    assert server.running_url() is None
    starters = [start_elsewhere(home) for _ in range(2)]
    answers = [(process.communicate(timeout=120), process.returncode) for process in starters]
    assert [code for _, code in answers] == [0, 0], answers
    assert len({out for (out, _), _ in answers}) == 1
    # The server outlives the processes that started it.
    assert server.running_url() == answers[0][0][0].strip()


def test_it_is_reachable_through_its_socket_alone(server: EmbeddedServer) -> None:
    with psycopg.connect(server.start(), autocommit=True) as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
        assert conn.execute("SHOW timezone").fetchone() == ("UTC",)
        assert conn.info.dbname == "factory"
        conn.execute("CREATE TABLE kept AS SELECT 1 AS x")


def test_starting_a_running_server_gives_its_address(server: EmbeddedServer) -> None:
    pid = postmaster(server).pid
    assert server.start() == EmbeddedServer(server.data.parent).start()
    assert postmaster(server).pid == pid


def test_after_a_power_cut_it_recovers_what_was_committed(server: EmbeddedServer) -> None:
    """kill -9 leaves a postmaster.pid behind, which must not be taken for a running server."""
    with psycopg.connect(server.start(), autocommit=True) as conn:
        conn.execute("INSERT INTO kept VALUES (2)")
    main = postmaster(server)
    family = [main, *main.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=10)
    assert (server.data / "postmaster.pid").exists()
    assert server.running_url() is None
    assert value_in(server.start()) == 2


def test_a_pid_file_whose_number_somebody_else_has_now_is_not_believed(server: EmbeddedServer) -> None:
    assert server.stop()
    mine = f"{os.getpid()}\n{server.data}\n{1}\n5432\n{server.data}\n\n  5432001         0\nready   \n"
    (server.data / "postmaster.pid").write_text(mine)
    assert value_in(server.start()) == 2


def test_stopping_ends_it_and_keeps_the_rows(server: EmbeddedServer) -> None:
    server.start()
    process = postmaster(server)
    assert server.stop()
    # Where nobody reaps orphans (a container without an init) its number lingers on.
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert server.running_url() is None
    assert not server.stop()
    assert value_in(server.start()) == 2


def test_a_server_that_cannot_start_says_why_at_once(server: EmbeddedServer) -> None:
    server.stop()
    with (server.data / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = plenty\n")
    with pytest.raises(RuntimeError, match=r"(?s)does not start.*shared_buffers"):
        server.start()
