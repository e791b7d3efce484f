"""Live video: how old a picture is when a viewer has it, and what a hundred viewers of one camera cost.

``python -m benchmarks video``. A simulated 720p camera at 25 pictures a second over RTSP, a real edge, viewers over
HTTP. Each picture carries the microsecond in which it was drawn, as squares that survive H.264 and JPEG.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil

from benchmarks.harness import entry

_KEY = "a-key-of-the-benchmark-only"
_FPS = 25.0
_VIEWERS = 100
_SECONDS = 12.0
_SQUARE_PX = 16
_BITS = 60


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, _camera() as address:
        config = Path(folder) / "cameras.yaml"
        config.write_text(f"cameras:\n  - {{name: hall, source_url: '{address}', role: view}}\n")
        with _edge(Path(folder), config) as (process, port):
            ages_ms = sorted(_ages_ms(port))
            alone = _cost(process, port, viewers=1)
            many = _cost(process, port, viewers=_VIEWERS)
    p95_ms = ages_ms[len(ages_ms) * 95 // 100]
    age = f"{len(ages_ms)} pictures of 720p25 over RTSP, H.264 and MJPEG, median {statistics.median(ages_ms):.0f} ms"
    cost = (
        f"whole edge, decoding included; {many['pictures_s']:.0f} pictures and {many['mb_s']:.0f} MB a second; "
        f"with one viewer {alone['cpu_pct']:.0f} % of a core"
    )
    return [
        entry("video: age of a picture at its viewer, p95", p95_ms, 150.0, age, unit="ms"),
        entry("video: a hundred viewers of one camera", many["cpu_pct"], 25.0, cost, unit="% of a core"),
    ]


def _ages_ms(port: int) -> Iterator[float]:
    """Of each picture as one viewer gets it, after the first second."""
    import cv2
    import numpy as np

    began_s = time.monotonic()
    for jpeg in _pictures(port, _SECONDS):
        got_us = time.time_ns() // 1000
        if time.monotonic() - began_s < 2:
            continue
        image = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        middle = _SQUARE_PX // 2
        bits = [int(image[middle, place * _SQUARE_PX + middle] > 127) for place in range(_BITS)]
        yield (got_us - sum(bit << place for place, bit in enumerate(bits))) / 1000


def _cost(process: psutil.Process, port: int, *, viewers: int) -> dict[str, float]:
    """Share of a core the edge takes while so many look, and what they get together."""
    context = get_context("spawn")
    results: Queue[tuple[int, int]] = context.Queue()
    workers = [
        context.Process(target=_watch, args=(port, viewers // 2 if viewers > 1 else 1, _SECONDS, results))
        for _ in range(2 if viewers > 1 else 1)
    ]
    for worker in workers:
        worker.start()
    time.sleep(4)  # all are there
    before, began_s = process.cpu_times(), time.monotonic()
    time.sleep(_SECONDS - 6)
    after, took_s = process.cpu_times(), time.monotonic() - began_s
    got = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    used_s = after.user + after.system - before.user - before.system
    return {
        "cpu_pct": 100 * used_s / took_s,
        "pictures_s": sum(pictures for pictures, _ in got) / _SECONDS,
        "mb_s": sum(size for _, size in got) / _SECONDS / 1e6,
    }


def _watch(port: int, viewers: int, seconds: float, results: "Queue[tuple[int, int]]") -> None:
    """In a process of its own: so many viewers that read and forget."""
    import asyncio

    async def viewer() -> tuple[int, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(_question())
        pictures = size = 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (data := await reader.read(2**18)):
            pictures += data.count(b"--frame\r\n")
            size += len(data)
        writer.close()
        return pictures, size

    async def all_of_them() -> list[tuple[int, int]]:
        return await asyncio.gather(*(viewer() for _ in range(viewers)))

    got = asyncio.run(all_of_them())
    results.put((sum(pictures for pictures, _ in got), sum(size for _, size in got)))


def _question() -> bytes:
    return f"GET /api/video_feed?camera=hall HTTP/1.1\r\nHost: edge\r\nX-API-Key: {_KEY}\r\n\r\n".encode()


def _pictures(port: int, seconds: float) -> Iterator[bytes]:
    """JPEGs of one stream, each as soon as it is complete."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(_question())
        deadline = time.monotonic() + seconds
        held = b""
        while time.monotonic() < deadline and (data := connection.recv(2**18)):
            held += data
            while (start := held.find(b"\xff\xd8")) >= 0 and (end := held.find(b"\xff\xd9\r\n", start)) >= 0:
                yield held[start : end + 2]
                held = held[end + 4 :]


@contextmanager
def _camera() -> Iterator[str]:
    """The address of a camera in a process of its own."""
    context = get_context("spawn")
    told: Queue[str] = context.Queue()
    process = context.Process(target=_serve_camera, args=(told,), daemon=True)
    process.start()
    try:
        yield told.get(timeout=60)
    finally:
        process.terminate()
        process.join()


def _serve_camera(told: "Queue[str]") -> None:
    from factory_pipelines.demo.rtsp import Feed, RtspServer

    server = RtspServer().start()
    server.show("hall", Feed.of_images(_drawn, _FPS))
    told.put(server.address("hall"))
    time.sleep(3600)


def _drawn() -> Iterator[Any]:
    """Pictures without end: a hall, and the microsecond in which each is asked for."""
    import numpy as np

    from factory_pipelines.demo.drawing import hall

    ground = hall(1280, 720, 1, 0.3)
    while True:
        image = ground.copy()
        now_us = time.time_ns() // 1000
        bits = np.array([now_us >> place & 1 for place in range(_BITS)], dtype=np.uint8) * 255
        image[:_SQUARE_PX, : _BITS * _SQUARE_PX] = np.repeat(bits, _SQUARE_PX)[None, :, None]
        yield image


@contextmanager
def _edge(folder: Path, cameras: Path) -> Iterator[tuple[psutil.Process, int]]:
    """A real edge that watches ``cameras``; its warehouse is away, which pictures do not need."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "FACTORY_HOME": str(folder / "home"),
        "FACTORY_DATABASE_URL": "postgresql://factory@127.0.0.1:9/factory",
        "FACTORY_API__KEYS": json.dumps([f"bench:{_KEY}"]),
        "FACTORY_API__PORT": str(port),
        "FACTORY_CAMERAS__FILE": str(cameras),
    }
    factory = Path(sys.executable).with_name("factory")
    with (folder / "edge.log").open("wb") as log:
        process = subprocess.Popen([factory, "edge"], env=environment, stdout=log, stderr=log)
    try:
        _wait_until_live(port)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_live(port: int) -> None:
    deadline = time.monotonic() + 90
    question = Request(f"http://127.0.0.1:{port}/api/video_feed/status", headers={"X-API-Key": _KEY})
    while True:
        try:
            with urlopen(question, timeout=5) as answer:  # noqa: S310
                if json.load(answer)["connected"]:
                    return
        except OSError:
            pass  # not listening yet
        if time.monotonic() > deadline:
            raise TimeoutError("the edge never had a picture of the camera")
        time.sleep(0.3)
