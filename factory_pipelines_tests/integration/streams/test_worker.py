"""The worker: from a camera's pictures to the occupancy log, whatever happens on the way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.demo.rtsp import RtspServer
from factory_pipelines.edge.streams.worker import CameraWorker
from factory_pipelines.occupancy.registry import register_area
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests.integration.streams.conftest import eventually

LOG = sql.SQL(
    "SELECT source_id, observed_at, event_id, kind, direction, people, label, snapshot FROM occupancy.occupancy_log "
    "ORDER BY source_id, observed_at, event_id"
)
BEGAN = "2026-03-02T08:00:00+05:30"


class Unplugged(Warehouse):
    """A warehouse whose cable can be pulled."""

    def __init__(self, inner: Warehouse) -> None:
        self.address, self.organization_id = inner.address, inner.organization_id
        self._inner = inner
        self.is_plugged = True

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        if not self.is_plugged:
            raise WarehouseUnavailableError("the cable is out")
        with self._inner.transaction() as conn:
            yield conn


def walkers(path: Path, *, seconds: int = 22, fps: int = 10) -> Path:
    """Somebody walks from left to right every six seconds; a quiet hall in between."""
    rng = np.random.default_rng(1)
    floor = rng.integers(90, 110, (180, 240, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 240, 180, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "12"}
        for number in range(seconds * fps):
            image = floor.copy()
            second = number / fps - 3  # the detector learns the empty hall first
            left = int((second % 6) * 60) - 40
            if second >= 0 and -30 < left < 240:
                image[60:140, max(left, 0) : max(left + 28, 0)] = (30, 40, 200)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return walkers(tmp_path_factory.mktemp("clips") / "walkers.mp4")


def configure(path: Path, clip: Path, **more: Any) -> None:
    camera = {
        "name": "hall_door",
        "source_url": f"file:{clip}",
        "role": "counting",
        "area_id": "hall",
        "fps": 10,
        "lines": [{"name": "door", "start": [0.5, 1.0], "end": [0.5, 0.0]}],
        "clip": {"real_time": False, "loop": False, "starts_at": BEGAN},
        **more,
    }
    path.write_text(json.dumps({"cameras": [camera]}))  # JSON is YAML


@pytest.fixture
def camera_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clip: Path) -> Settings:
    path = tmp_path / "cameras.yaml"
    configure(path, clip)
    monkeypatch.setenv("FACTORY_CAMERAS__FILE", str(path))
    monkeypatch.setenv("FACTORY_CAMERAS__STATUS_EVERY_S", "1")
    monkeypatch.setenv("FACTORY_CAMERAS__HEARTBEAT_S", "5")
    monkeypatch.setenv("FACTORY_API__KEYS", '["tests:0f1e2d3c4b5a69788796a5b4c3d2e1f0"]')
    return load_settings()


@pytest.fixture
def cable(warehouse: Warehouse) -> Unplugged:
    register_area(warehouse, "hall")
    return Unplugged(warehouse)


@pytest.fixture
def make_worker(cable: Unplugged, camera_settings: Settings) -> Iterator[Callable[[], CameraWorker]]:
    made: list[CameraWorker] = []

    def make() -> CameraWorker:
        made.append(CameraWorker(cable, load_settings(), clock=lambda: datetime.now(UTC)))
        made[-1].start()
        return made[-1]

    yield make
    for worker in made:
        worker.close(60)


def finished(worker: CameraWorker) -> bool:
    """The clip is over and all of it was looked at."""
    watcher = worker.watchers().get("hall_door")
    if watcher is None:
        return False
    status = watcher.stream.status()
    latest = watcher.stream.slot.latest
    return status.reason == "finished" and latest is not None and watcher.processed + watcher.failed == latest.seq


def crossings(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["direction"], row["label"]) for row in rows if row["kind"] == "crossing"]


def test_who_walks_through_is_an_event_with_a_picture(
    make_worker: Callable[[], CameraWorker], warehouse: Warehouse, camera_settings: Settings
) -> None:
    worker = make_worker()
    eventually(lambda: finished(worker))
    eventually(lambda: worker.store.waiting == 0)
    rows = warehouse.rows(LOG)
    # Seen from start (bottom) to end (top), the right hand is `in`.
    assert [direction for direction, _ in crossings(rows)] == ["in", "in", "in"]
    assert {row["source_id"] for row in rows} == {"hall_door"}
    picture = next(row["snapshot"] for row in rows if row["kind"] == "crossing")
    assert (camera_settings.home_dir / "snapshots" / picture).stat().st_size > 100
    beats = [row for row in rows if row["kind"] == "heartbeat"]
    assert 2 <= len(beats) <= 5
    # The source registered itself, as a door: it counts who passes.
    (source,) = warehouse.rows(sql.SQL("SELECT kind, area_id, max_silence_s FROM occupancy.sources"))
    assert source == {"kind": "door", "area_id": "hall", "max_silence_s": 20}


def test_an_outage_delays_events_and_loses_none(
    make_worker: Callable[[], CameraWorker], warehouse: Warehouse, cable: Unplugged
) -> None:
    cable.is_plugged = False
    worker = make_worker()
    eventually(lambda: finished(worker))
    assert worker.store.waiting >= 5
    assert warehouse.rows(LOG) == []
    cable.is_plugged = True
    eventually(lambda: worker.store.waiting == 0)
    eventually(lambda: len(crossings(warehouse.rows(LOG))) == 3)


def test_a_restart_takes_up_what_the_last_process_left(
    make_worker: Callable[[], CameraWorker], warehouse: Warehouse, cable: Unplugged
) -> None:
    cable.is_plugged = False
    first = make_worker()
    eventually(lambda: finished(first))
    waiting = first.store.waiting
    first.close(5)
    cable.is_plugged = True
    second = make_worker()  # plays the clip again: the same events, which are known
    eventually(lambda: finished(second) and second.store.waiting == 0)
    eventually(lambda: len(crossings(warehouse.rows(LOG))) == 3)
    assert waiting >= 5
    keys = [(row["source_id"], row["event_id"]) for row in warehouse.rows(LOG)]
    assert len(keys) == len(set(keys))


_RUN = """
import sys, time
from datetime import UTC, datetime
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import open_warehouse
from factory_pipelines.edge.streams.worker import CameraWorker
worker = CameraWorker(open_warehouse(load_settings()), load_settings(), clock=lambda: datetime.now(UTC))
worker.add_onlooker(lambda *_: time.sleep(float(sys.argv[1])))
worker.start()
while True:
    time.sleep(0.05)
    watcher = worker.watchers().get("hall_door")
    if watcher is None or watcher.stream.status().reason != "finished":
        continue
    if watcher.processed == watcher.stream.slot.latest.seq and worker.store.waiting == 0:
        worker.close()
        break
"""


def test_kill_9_and_a_restart_give_the_same_events_none_doubled(
    warehouse: Warehouse, camera_settings: Settings
) -> None:
    register_area(warehouse, "hall")
    # Slowly, so that it is killed in the middle.
    process = subprocess.Popen([sys.executable, "-c", _RUN, "0.05"], env={**os.environ})
    try:
        eventually(lambda: crossings(warehouse.rows(LOG)))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert len(crossings(warehouse.rows(LOG))) < 3
    subprocess.run([sys.executable, "-c", _RUN, "0"], env={**os.environ}, check=True, timeout=120)
    rows = warehouse.rows(LOG)
    assert [direction for direction, _ in crossings(rows)] == ["in", "in", "in"]


def test_a_new_configuration_is_taken_up_and_a_wrong_one_is_not(
    make_worker: Callable[[], CameraWorker], server: RtspServer, tmp_path: Path
) -> None:
    worker = make_worker()
    path = tmp_path / "cameras.yaml"
    path.write_text(f"cameras: [{{name: yard, source_url: '{server.address('cam')}'}}]")
    eventually(lambda: [s.name for s in worker.statuses() if s.is_fresh] == ["yard"])
    path.write_text("cameras: [{name: yard, source: nowhere}]")
    eventually(lambda: worker.configured.problem)
    assert "source: there is no such key" in str(worker.configured.problem)
    assert [s.name for s in worker.statuses()] == ["yard"]
    path.unlink()
    eventually(lambda: "no such file" in str(worker.configured.problem))
    assert [s.name for s in worker.statuses()] == ["yard"]
    path.write_text(f"cameras: [{{name: gate, source_url: '{server.address('cam')}'}}]")
    eventually(lambda: [s.name for s in worker.statuses()] == ["gate"])
    assert worker.configured.problem is None


def test_an_area_nobody_registered_is_said_and_its_events_wait(
    make_worker: Callable[[], CameraWorker], warehouse: Warehouse, clip: Path, tmp_path: Path
) -> None:
    configure(tmp_path / "cameras.yaml", clip, area_id="annex")
    worker = make_worker()
    eventually(lambda: finished(worker) and worker.store.waiting == 0)
    assert "annex is not registered" in eventually(lambda: worker.unusable.get("hall_door"))
    assert warehouse.rows(LOG) == []
    register_area(warehouse, "annex")
    eventually(lambda: len(crossings(warehouse.rows(LOG))) == 3)
    eventually(lambda: not worker.unusable)


def test_a_zone_counts_who_stands_in_it(
    make_worker: Callable[[], CameraWorker], warehouse: Warehouse, clip: Path, tmp_path: Path
) -> None:
    whole = [{"name": "floor", "points": [[0, 0], [1, 0], [1, 1], [0, 1]], "labels": ["person", "vehicle"]}]
    configure(tmp_path / "cameras.yaml", clip, lines=[], zones=whole)
    worker = make_worker()
    eventually(lambda: finished(worker) and worker.store.waiting == 0)
    counts = [row["people"] for row in warehouse.rows(LOG) if row["kind"] == "count"]
    assert {0, 1} <= set(counts)
    (source,) = warehouse.rows(sql.SQL("SELECT source_id, kind FROM occupancy.sources"))
    assert source == {"source_id": "hall_door", "kind": "camera"}


def test_an_onlooker_that_fails_costs_its_pictures_and_not_the_worker(
    make_worker: Callable[[], CameraWorker], clip: Path
) -> None:
    worker = make_worker()
    worker.add_onlooker(lambda _camera, _frame, _result: 1 / 0)
    eventually(lambda: finished(worker))
    assert worker.watchers()["hall_door"].failed > 0
