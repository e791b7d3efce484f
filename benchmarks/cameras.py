"""What watching a camera costs, how soon a fault is noticed and over, and whether anything leaks.

``python -m benchmarks.cameras`` prints the entries. Cameras are simulated in processes of their own and shown over real
RTSP; faults are real: SIGKILL, SIGSTOP, a port that stays silent.
"""

import gc
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from psycopg import sql

from benchmarks.harness import entry, own_server
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.demo.rtsp import Feed, RtspServer
from factory_pipelines.edge.streams.fleet import Fleet
from factory_pipelines.edge.streams.scenes import Scenes
from factory_pipelines.edge.streams.sources import live_options
from factory_pipelines.edge.streams.storing import CameraStore
from factory_pipelines.edge.streams.stream import CameraStream
from factory_pipelines.edge.streams.watching import Watcher
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests.integration.streams.conftest import eventually, moving_square

_SERVE = """
import json, sys, threading
from benchmarks.cameras import street
from factory_pipelines.demo.rtsp import Feed, RtspServer
port, width, height = map(int, sys.argv[1:])
server = RtspServer(port=port).start()
server.show("cam", Feed.of_clip(street(width, height)))
print(json.dumps(server.port), flush=True)
threading.Event().wait()
"""
_ROUND_S = 8.0
_RECONNECTS = 1_000
_EVENTS = 48_000  # ten minutes of eight cameras with ten events a second


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    return [*_capture(), *_faults(), *_eight_cameras(), *_reconnects(), *_outage()]


def street(width: int, height: int) -> Any:
    """Two seconds of a noisy street with things that move, at 25 pictures a second."""
    import numpy as np

    from factory_pipelines.demo.h264 import encode_clip

    rng = np.random.default_rng(1)
    ground = rng.integers(60, 140, (height, width, 3), dtype=np.uint8)

    def images() -> Iterator[Any]:
        for number in range(50):
            image = ground.copy()
            for lane in range(4):
                left = (number * (6 + 3 * lane) + 200 * lane) % (width - 90)
                top = height // 6 * (lane + 1)
                image[top : top + height // 9, left : left + 80] = (40 * lane, 200, 240 - 50 * lane)
            image[::16, ::16] = rng.integers(0, 255, image[::16, ::16].shape, dtype=np.uint8)
            yield image

    return encode_clip(images(), 25)


@contextmanager
def _camera_process(
    width: int = 320, height: int = 180, port: int = 0
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    command = [sys.executable, "-c", _SERVE, str(port), str(width), str(height)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process, f"rtsp://127.0.0.1:{json.loads(process.stdout.readline())}/cam"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _config(name: str, address: str, **more: Any) -> CameraConfig:
    return CameraConfig.model_validate({"name": name, "source_url": address, **more})


def _capture() -> list[dict[str, Any]]:
    """Processor time of our reader over that of a loop which only decodes, on the same stream, in turns."""
    with _camera_process(1280, 720) as (_, address):
        bare_pct = 100 * _bare_s(address) / _ROUND_S
        detail = f"720p25; decoding alone takes {bare_pct:.1f} % of a core"
        return [
            entry(
                f"cameras: processor time of capture over bare decoding, {fps} pictures a second converted",
                statistics.median(_ours_s(address, fps) / _bare_s(address) for _ in range(3)),
                bar,
                detail,
            )
            for fps, bar in ((5, 1.5), (25, 2.0))
        ]


def _bare_s(address: str) -> float:
    import av

    with av.open(address, options=live_options(), timeout=5) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        packets = container.demux(stream)
        for packet in packets:
            if any(True for _ in packet.decode()):
                break
        started_s, cpu_s = time.monotonic(), time.process_time()
        for packet in packets:
            packet.decode()
            if time.monotonic() - started_s >= _ROUND_S:
                break
        return time.process_time() - cpu_s


def _ours_s(address: str, fps: int) -> float:
    fleet = Fleet()
    fleet.start()
    (stream,) = fleet.apply([_config("bench", address, fps=fps)])
    eventually(lambda: stream.status().is_fresh)
    cpu_s = time.process_time()
    time.sleep(_ROUND_S)
    used_s = time.process_time() - cpu_s
    fleet.close(2)
    return used_s


def _faults() -> list[dict[str, Any]]:
    """Seconds from fault to notice, and from recovery to the next picture; the worst of three each."""
    detected: dict[str, list[float]] = {}
    recovered: dict[str, list[float]] = {}
    fleet = Fleet()
    fleet.start()
    healthy = RtspServer().start()
    healthy.show("cam", Feed.of_clip(moving_square()))
    fleet.apply([_config("healthy", healthy.address("cam"))])
    for _ in range(3):
        _killed(fleet, detected, recovered)
        _hung(fleet, detected, recovered)
        _silent(fleet, detected, recovered)
        _corrupted(fleet, detected, recovered)
    untouched = fleet.get("healthy")
    assert untouched is not None
    reconnects = untouched.status().reconnects
    fleet.close(2)
    healthy.close()
    return [
        entry("cameras: fault noticed", max(map(max, detected.values())), 5.0, _worst(detected), unit="s"),
        entry("cameras: back after recovery", max(map(max, recovered.values())), 3.0, _worst(recovered), unit="s"),
        entry(
            "cameras: reconnects of the camera beside", float(reconnects), 0.0, "while the other failed", unit="times"
        ),
    ]


def _worst(times: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {max(values):.2f}" for name, values in times.items())


def _watch(fleet: Fleet, address: str) -> CameraStream:
    others = [stream.config for stream in fleet.streams() if stream.config.name != "bench"]
    fleet.apply(others)
    (stream,) = fleet.apply([*others, _config("bench", address)])
    eventually(lambda: stream.status().is_fresh)
    return stream


def _time(times: dict[str, list[float]], name: str, until: Callable[[], bool]) -> None:
    started_s = time.monotonic()
    eventually(until)
    times.setdefault(name, []).append(time.monotonic() - started_s)


def _killed(fleet: Fleet, detected: dict[str, list[float]], recovered: dict[str, list[float]]) -> None:
    with _camera_process() as (process, address):
        stream = _watch(fleet, address)
        process.kill()
        _time(detected, "killed", lambda: not stream.status().is_fresh)
    time.sleep(4)  # long enough for the waits to be at their longest
    with _camera_process(port=int(address.split(":")[2].split("/")[0])):
        _time(recovered, "killed", lambda: stream.status().is_fresh)


def _hung(fleet: Fleet, detected: dict[str, list[float]], recovered: dict[str, list[float]]) -> None:
    with _camera_process() as (process, address):
        stream = _watch(fleet, address)
        process.send_signal(signal.SIGSTOP)
        _time(detected, "hung", lambda: not stream.status().is_fresh)
        time.sleep(4)
        process.send_signal(signal.SIGCONT)
        _time(recovered, "hung", lambda: stream.status().is_fresh)


def _silent(fleet: Fleet, detected: dict[str, list[float]], recovered: dict[str, list[float]]) -> None:
    """The camera's port accepts and never answers, as while it boots."""
    server = RtspServer().start()
    server.show("cam", Feed.of_clip(moving_square()))
    stream = _watch(fleet, server.address("cam"))
    server.close_door()
    server.is_mute = True
    server.open_door()
    _time(detected, "silent port", lambda: not stream.status().is_fresh)
    time.sleep(4)
    server.is_mute = False
    _time(recovered, "silent port", lambda: stream.status().is_fresh)
    fleet.apply([s.config for s in fleet.streams() if s.config.name != "bench"])
    server.close()


def _corrupted(fleet: Fleet, detected: dict[str, list[float]], recovered: dict[str, list[float]]) -> None:
    server = RtspServer().start()
    server.show("cam", Feed.of_clip(moving_square()))
    stream = _watch(fleet, server.address("cam"))
    server.feeds["cam"].fault = "corrupt"
    _time(detected, "corrupted", lambda: stream.status().reason == "undecodable" or not stream.status().is_fresh)
    server.feeds["cam"].fault = None
    _time(recovered, "corrupted", lambda: stream.status().is_fresh)
    fleet.apply([s.config for s in fleet.streams() if s.config.name != "bench"])
    server.close()


def _eight_cameras() -> list[dict[str, Any]]:
    """Age of the pictures when vision has looked at them: eight cameras at 720p25, motion at five a second."""
    lines = [{"name": "door", "start": [0.5, 0.0], "end": [0.5, 1.0]}]
    with _camera_process(1280, 720) as (_, address):
        configs = [_config(f"cam_{n}", address, role="gate", gate_id="main", lines=lines) for n in range(8)]
        fleet = Fleet()
        fleet.start()
        watchers = []
        for stream in fleet.apply(configs):
            scene = Scenes().of(stream.config)
            assert scene is not None
            watchers.append(Watcher(stream, lambda frame, scene=scene: scene.step(frame.image, frame.captured_at)))
            watchers[-1].start()
        eventually(lambda: all(watcher.processed > 10 for watcher in watchers), within_s=60)
        cpu_s, ages = time.process_time(), [[] for _ in range(2)]
        looked_at = sum(watcher.processed for watcher in watchers)
        for half in ages:
            ends_s = time.monotonic() + 10
            while time.monotonic() < ends_s:
                time.sleep(0.2)
                half += [watcher.last_age_s or 0.0 for watcher in watchers]
        looked_at = sum(watcher.processed for watcher in watchers) - looked_at
        cores = (time.process_time() - cpu_s) / 20
        for watcher in watchers:
            watcher.stop()
        fleet.close(2)
    first, second = (statistics.quantiles(half, n=20)[-1] for half in ages)
    rate = f"{looked_at / 160:.2f} a second and camera, {cores:.2f} cores"
    detail = f"p95 {first * 1000:.0f} ms, then {second * 1000:.0f} ms; {rate}"
    return [
        entry("cameras: eight at five a second, age of a picture when looked at, p95", second, 0.5, detail, unit="s"),
        entry("cameras: eight at five a second, missing", max(5 - looked_at / 160, 0.0), 0.25, detail, unit="1/s"),
    ]


def _reconnects() -> list[dict[str, Any]]:
    """Memory, handles and threads after a tenth and after all of so many reconnects."""
    side_by_side = 20
    server = RtspServer().start()
    server.show("cam", Feed.of_clip(moving_square()))
    fleet = Fleet()
    fleet.start()
    streams = fleet.apply([_config(f"cam_{n}", server.address("cam")) for n in range(side_by_side)])
    process = psutil.Process()

    def reconnect(times: int) -> tuple[float, int, int]:
        for _ in range(times):
            before = [stream.status().reconnects for stream in streams]
            for stream in streams:
                stream.restart()
            for stream, count in zip(streams, before, strict=True):
                eventually(lambda s=stream, n=count: s.status().is_fresh and s.status().reconnects > n)
        eventually(lambda: all(stream.status().hanging == 0 for stream in streams))
        gc.collect()
        return process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()

    rounds = _RECONNECTS // side_by_side
    memory_mb, handles, threads = reconnect(rounds // 5)
    later_mb, later_handles, later_threads = reconnect(rounds - rounds // 5)
    fleet.close(2)
    server.close()
    detail = f"{memory_mb:.0f} MB after {_RECONNECTS // 5}, {later_mb:.0f} MB after {_RECONNECTS:,}, server included"
    more = f"{handles} and {later_handles} handles, {threads} and {later_threads} threads"
    grown = max(later_handles - handles, later_threads - threads)
    return [
        entry("cameras: memory grown by 800 reconnects", later_mb - memory_mb, 12.0, detail, unit="MB"),
        entry("cameras: handles or threads grown by 800 reconnects", float(grown), 2.0, more, unit="count"),
    ]


class _Unplugged(Warehouse):
    def __init__(self, inner: Warehouse) -> None:
        self.address, self.organization_id = inner.address, inner.organization_id
        self._inner, self.is_plugged = inner, False

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        if not self.is_plugged:
            raise WarehouseUnavailableError("the cable is out")
        with self._inner.transaction() as conn:
            yield conn


def _outage() -> list[dict[str, Any]]:
    """The database away for ten minutes of eight busy cameras: every event afterwards, in order, memory bounded."""
    began = datetime.now(UTC) - timedelta(minutes=10)
    with own_server() as open_database, tempfile.TemporaryDirectory() as folder:
        warehouse = open_database("cameras")
        register_area(warehouse, "hall")
        register_source(warehouse, "cam", area_id="hall", kind="door", now=began)
        cable = _Unplugged(warehouse)
        store = CameraStore(cable, Path(folder), max_bytes=256_000_000, clock=lambda: datetime.now(UTC))
        store.start()
        process = psutil.Process(os.getpid())
        memory_mb = process.memory_info().rss / 1e6
        started_s = time.monotonic()
        for number in range(0, _EVENTS, 10):
            store.events([_crossing(began, n) for n in range(number, number + 10)])
        per_second = _EVENTS / (time.monotonic() - started_s)
        grown_mb = process.memory_info().rss / 1e6 - memory_mb
        on_disk_mb = store.waiting_bytes / 1e6
        cable.is_plugged = True
        started_s = time.monotonic()
        eventually(lambda: store.waiting == 0, within_s=300)
        drained_s = time.monotonic() - started_s
        store.close(5)
        query = "SELECT count(*) AS events, count(DISTINCT event_id) AS keys FROM occupancy.occupancy_log"
        (there,) = warehouse.rows(sql.SQL(query))
    missing = abs(_EVENTS - there["events"]) + there["events"] - there["keys"]
    rates = f"{per_second:,.0f} a second to disk, drained in {drained_s:.1f} s"
    detail = f"{_EVENTS:,} events, {on_disk_mb:.1f} MB on disk, {rates}"
    return [
        entry(
            "cameras: events lost or doubled by an outage of ten minutes", float(missing), 0.0, detail, unit="events"
        ),
        entry("cameras: memory grown during the outage", grown_mb, 30.0, detail, unit="MB"),
    ]


def _crossing(began: datetime, number: int) -> dict[str, Any]:
    return {
        "source_id": "cam",
        "observed_at": began + timedelta(milliseconds=12 * number),
        "event_id": f"door-{number}-in",
        "kind": "crossing",
        "direction": "in" if number % 2 else "out",
        "people": 1,
        "label": "person",
        "track_id": str(number),
        "confidence": 0.9,
        "snapshot": f"crossings/2026-03-02/cam-{number}.jpg",
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2, ensure_ascii=False)
