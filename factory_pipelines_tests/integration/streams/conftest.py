"""Simulated cameras over real RTSP, in this process or in one that can be killed and stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.demo.h264 import Clip, encode_clip
from factory_pipelines.demo.rtsp import Feed, RtspServer
from factory_pipelines.edge.streams.fleet import Fleet
from factory_pipelines.edge.streams.stream import StreamStatus

_SERVE = """
import json, sys, threading
from factory_pipelines_tests.integration.streams.conftest import moving_square
from factory_pipelines.demo.rtsp import Feed, RtspServer
server = RtspServer(port=int(sys.argv[1])).start()
server.show("cam", Feed.of_clip(moving_square()))
print(json.dumps(server.port), flush=True)
threading.Event().wait()
"""


def moving_square(width: int = 160, height: int = 120, pictures: int = 25, fps: float = 25) -> Clip:
    """A bright square that walks over a dark floor."""

    def images() -> Iterator[np.ndarray]:
        for number in range(pictures):
            image = np.full((height, width, 3), 40, np.uint8)
            left = number * 4 % (width - 20)
            image[height // 3 : height // 3 + 30, left : left + 20] = (40, 200, 240)
            yield image

    return encode_clip(images(), fps)


def eventually(what: Callable[[], Any], *, within_s: float = 90.0) -> Any:
    """What ``what`` gives once it gives something true."""
    deadline_s = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline_s, f"not within {within_s} s"
        time.sleep(0.02)
    return found


@dataclass
class Watched:
    """A fleet and everything that was ever said about its cameras."""

    said: list[StreamStatus] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fleet = Fleet(on_change=self.said.append)
        self.fleet.start()

    def add(self, *cameras: CameraConfig) -> None:
        here = [stream.config for stream in self.fleet.streams()]
        self.fleet.apply([*here, *cameras])

    def status(self, name: str) -> StreamStatus:
        stream = self.fleet.get(name)
        assert stream is not None
        return stream.status()

    def live(self, name: str) -> StreamStatus:
        return eventually(lambda: (status := self.status(name)).is_fresh and status)

    def dark(self, name: str, reason: str) -> StreamStatus:
        return eventually(lambda: next((s for s in self.said if s.name == name and s.reason == reason), None))

    def reasons(self, name: str) -> list[str]:
        return [status.reason for status in self.said if status.name == name and status.reason]


@pytest.fixture
def watched() -> Iterator[Watched]:
    everything = Watched()
    yield everything
    everything.fleet.close()


@pytest.fixture
def server() -> Iterator[RtspServer]:
    camera = RtspServer(user="viewer", password="p@ss:w/rd").start()
    camera.show("cam", Feed.of_clip(moving_square()))
    yield camera
    camera.close()


class ServerProcess:
    """A camera in a process of its own, on a port that stays the same."""

    def __init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(self.port)], stdout=subprocess.PIPE, env={**os.environ}
        )
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server_process() -> Iterator[ServerProcess]:
    process = ServerProcess()
    yield process
    process.kill()


def camera(name: str, address: str, **more: Any) -> CameraConfig:
    return CameraConfig.model_validate({"name": name, "source_url": address, "fps": 25, **more})
