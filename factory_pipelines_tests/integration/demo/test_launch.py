"""``factory demo`` as its user meets it: once to the end, then serving, then Ctrl-C, and nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest

from factory_pipelines.operations.probe import complaint
from factory_pipelines.warehouse.embedded import EmbeddedServer
from factory_pipelines_tests.integration.edge.processes import free_port

FACTORY = Path(sys.executable).parent / "factory"
READY_S = 150.0


@pytest.fixture
def home() -> Iterator[Path]:
    """Directly under the temporary folder: a socket's path may have 100 characters."""
    folder = Path(mkdtemp(prefix="factory-demo-"))
    folder.chmod(0o755)
    yield folder
    EmbeddedServer(folder).stop()


def environment(home: Path) -> dict[str, str]:
    ports = {"FACTORY_UI__PORT": str(free_port()), "FACTORY_API__PORT": str(free_port())}
    # Nine days are too few to train on: the naive is served, and nothing else is different.
    return {**os.environ, **ports, "FACTORY_HOME": str(home), "FACTORY_DEMO__DAYS": "8"}


def run_to_the_end(home: Path) -> str:
    command = [str(FACTORY), "demo", "--no-serve"]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of_this_home(home: Path) -> list[str]:
    """Command lines of processes that work in this home."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        told = [*(process.info["cmdline"] or []), (process.info["environ"] or {}).get("FACTORY_HOME", "")]
        if any(str(home) in text for text in told):
            found.append(" ".join(process.info["cmdline"] or []))
    return found


@pytest.mark.timeout(600)
def test_a_demo_from_nothing_again_and_served(home: Path) -> None:
    first = run_to_the_end(home)
    assert "every check has passed" in first
    assert of_this_home(home) == [], "the database it started is stopped again"
    again = run_to_the_end(home)
    assert "production days" not in again, "what is there is not made again"

    served = environment(home)
    demo = subprocess.Popen([str(FACTORY), "demo"], env=served, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        urls = [
            f"http://127.0.0.1:{served['FACTORY_UI__PORT']}/server_info",
            f"http://127.0.0.1:{served['FACTORY_API__PORT']}/api/health",
        ]
        deadline = time.monotonic() + READY_S
        while any(complaint(url, 2.0) for url in urls):
            assert time.monotonic() < deadline, of_this_home(home)
            assert demo.poll() is None, "it ended instead of serving"
            time.sleep(0.5)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    finally:
        demo.kill()
        printed = demo.communicate()[0].decode()
    assert "stopping" in printed
    assert of_this_home(home) == [], "Ctrl-C stops everything"
