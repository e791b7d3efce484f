"""The supervisor looks after real processes; only its clock is ours."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from factory_pipelines.operations.supervisor import Command, HealthPolicy, RestartPolicy, Supervisor

FOR_EVER = (sys.executable, "-c", "import time; time.sleep(600)")


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def eventually(true: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


def pid_of(supervisor: Supervisor, name: str) -> int:
    pid = supervisor.pids()[name]
    assert pid is not None
    return pid


def die_and_be_noticed(supervisor: Supervisor, name: str) -> None:
    """Kills the process as an outsider would, and lets the supervisor see it."""
    process = psutil.Process(pid_of(supervisor, name))
    process.kill()
    eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    supervisor.tick()
    assert supervisor.pids()[name] is None


def test_a_process_that_keeps_failing_is_restarted_ten_times_with_growing_waits(tmp_path: Path, clock: Clock) -> None:
    supervisor = Supervisor([Command("edge", FOR_EVER)], tmp_path, clock=clock)
    supervisor.tick()
    for delay_s in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]:
        die_and_be_noticed(supervisor, "edge")
        clock.now_s += delay_s - 0.1
        supervisor.tick()
        assert supervisor.pids()["edge"] is None, "it must not be started early"
        clock.now_s += 0.1
        supervisor.tick()
        assert pid_of(supervisor, "edge")
    die_and_be_noticed(supervisor, "edge")
    clock.now_s += 10_000
    supervisor.tick()
    assert supervisor.pids()["edge"] is None
    assert supervisor.given_up() == ["edge"]


def test_failures_are_forgotten_once_the_process_is_steady(tmp_path: Path, clock: Clock) -> None:
    supervisor = Supervisor(
        [Command("daemon", FOR_EVER)], tmp_path, clock=clock, restarts=RestartPolicy(max_attempts=2)
    )
    try:
        supervisor.tick()
        for _ in range(5):
            die_and_be_noticed(supervisor, "daemon")
            clock.now_s += 2
            supervisor.tick()
            clock.now_s += 600
            supervisor.tick()
        assert supervisor.given_up() == []
        assert pid_of(supervisor, "daemon")
    finally:
        supervisor.stop()


def test_a_program_that_is_missing_counts_as_a_failure_and_harms_no_other(tmp_path: Path, clock: Clock) -> None:
    commands = [Command("gone", ["/no/such/program"]), Command("edge", FOR_EVER)]
    supervisor = Supervisor(commands, tmp_path, clock=clock, restarts=RestartPolicy(max_attempts=1))
    try:
        supervisor.tick()
        clock.now_s += 2
        supervisor.tick()
        assert supervisor.given_up() == ["gone"]
        assert pid_of(supervisor, "edge")
    finally:
        supervisor.stop()


SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(sys.argv[1]) else 200)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[2], "w").write(str(server.server_port))
server.serve_forever()
"""


def test_a_process_that_answers_badly_three_times_is_replaced(tmp_path: Path, clock: Clock) -> None:
    ill, port_file = tmp_path / "ill", tmp_path / "port"
    answers: list[str | None] = []

    def probe(url: str, timeout_s: float) -> str | None:
        from factory_pipelines.operations.probe import complaint

        answers.append(complaint(f"http://127.0.0.1:{port_file.read_text()}{url}", timeout_s))
        return answers[-1]

    argv = [sys.executable, "-c", SERVER, str(ill), str(port_file)]
    supervisor = Supervisor(
        [Command("edge", argv, health_url="/healthz")],
        tmp_path,
        clock=clock,
        probe=probe,
        health=HealthPolicy(every_s=30, failures=3, grace_s=60),
    )
    try:
        supervisor.tick()
        first = pid_of(supervisor, "edge")
        eventually(lambda: port_file.exists() and port_file.read_text())
        ill.touch()
        for _ in range(4):  # one answer falls into the time it may take to come up
            assert pid_of(supervisor, "edge") == first
            clock.now_s += 30
            supervisor.tick()
        assert answers == ["answered 503"] * 4
        assert supervisor.pids()["edge"] is None
        ill.unlink()
        port_file.unlink()
        clock.now_s += 2
        supervisor.tick()
        assert pid_of(supervisor, "edge") != first
        eventually(lambda: port_file.exists() and port_file.read_text())
        clock.now_s += 90
        supervisor.tick()
        assert answers[-1] is None
    finally:
        supervisor.stop()


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_stopping_ends_a_process_that_will_not_and_what_it_started(tmp_path: Path) -> None:
    supervisor = Supervisor([Command("runs", [sys.executable, "-c", STUBBORN])], tmp_path, stop_grace_s=0.2)
    stop = Event()
    ended: list[bool] = []
    thread = Thread(target=lambda: ended.append(supervisor.run(stop, tick_s=0.05)))
    thread.start()
    log = tmp_path / "runs.log"
    eventually(lambda: log.exists() and log.read_text().strip())
    family = [psutil.Process(pid_of(supervisor, "runs")), psutil.Process(int(log.read_text()))]
    stop.set()
    thread.join(10)
    assert ended == [True]
    eventually(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family))


def test_the_service_reports_failure_when_nothing_could_be_kept_running(tmp_path: Path) -> None:
    policy = RestartPolicy(max_attempts=2, first_delay_s=0.01)
    supervisor = Supervisor([Command("edge", [sys.executable, "-c", "raise SystemExit(3)"])], tmp_path, restarts=policy)
    assert supervisor.run(Event(), tick_s=0.01) is False
    assert supervisor.given_up() == ["edge"]


def test_output_is_kept_in_rotated_files(tmp_path: Path, clock: Clock) -> None:
    talk = "for n in range(25_000): print(f'{n:06d}' + 'x' * 993)"
    supervisor = Supervisor([Command("talker", [sys.executable, "-c", talk])], tmp_path, clock=clock)
    supervisor.tick()
    newest = tmp_path / "talker.log"
    eventually(lambda: newest.exists() and "024999" in newest.read_text(), timeout_s=60)
    files = sorted(tmp_path.glob("talker.log*"))
    assert [file.name for file in files] == ["talker.log", "talker.log.1", "talker.log.2"]
    assert all(file.stat().st_size <= 10_000_000 for file in files)
    assert sum(file.read_text().count("\n") for file in files) == 25_000
    supervisor.stop()
