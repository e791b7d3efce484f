"""The edge as a process that watches: its end in time, with a camera that hangs and events on the way."""

import json
import signal
from pathlib import Path

import pytest
from psycopg import sql

from factory_pipelines.occupancy.registry import register_area
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.processes import running
from factory_pipelines_tests.integration.streams.conftest import ServerProcess, eventually
from factory_pipelines_tests.integration.streams.test_worker import walkers

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture
def cameras_file(tmp_path: Path, server_process: ServerProcess) -> Path:
    """A hall that is counted, played in real time, and a yard that is only watched."""
    hall = {
        "name": "hall_door",
        "source_url": f"file:{walkers(tmp_path / 'walkers.mp4')}",
        "role": "counting",
        "area_id": "hall",
        "lines": [{"name": "door", "start": [0.5, 1.0], "end": [0.5, 0.0]}],
    }
    path = tmp_path / "cameras.yaml"
    path.write_text(json.dumps({"cameras": [hall, {"name": "yard", "source_url": server_process.address}]}))
    return path


def test_sigterm_ends_it_in_time_while_a_camera_hangs_and_nothing_is_lost(
    tmp_path: Path, warehouse: Warehouse, cameras_file: Path, server_process: ServerProcess
) -> None:
    register_area(warehouse, "hall")
    settings = {
        "FACTORY_API__KEYS": f'["tests:{SECRET}"]',
        "FACTORY_CAMERAS__FILE": str(cameras_file),
        "FACTORY_CAMERAS__HEARTBEAT_S": "1",
    }
    logged = sql.SQL("SELECT count(*) AS events FROM occupancy.occupancy_log")
    with running(tmp_path, settings) as edge:
        eventually(lambda: edge.get("/api/health/cameras", SECRET).status_code == 200)
        eventually(lambda: warehouse.rows(logged)[0]["events"] >= 2)
        server_process.send(signal.SIGSTOP)
        status, took_s = edge.terminate()
    server_process.send(signal.SIGCONT)
    assert (status, took_s < 3) == (0, True)
    last = next(line for line in edge.log_lines() if line["message"] == "the cameras' store has ended")
    assert last["waiting"] == 0
    assert "Traceback" not in edge.log.read_text()
