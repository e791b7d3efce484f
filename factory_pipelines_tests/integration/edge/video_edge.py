"""An edge whose cameras are drawn: `python -m …video_edge` serves `moving` and `second`, which move, and `dark`.

Every picture of `moving` carries its number and the moment it was drawn, as black and white squares that survive JPEG.
"""

import struct
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
from fastapi import FastAPI

from factory_pipelines.edge.app import create_app
from factory_pipelines.edge.server import serve
from factory_pipelines.edge.video.hub import Feed, FeedStatus
from factory_pipelines.edge.video.overlay import Annotations, DrawnLine, DrawnZone
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.vision.types import Box, Image, Track

FPS = 25.0
_SQUARE_PX = 16
_BITS = 64


@dataclass(frozen=True)
class Drawn:
    seq: int
    image: Image
    captured_at: datetime


class DrawnCamera:
    """Draws the picture that is due when somebody looks."""

    def __init__(self, *, is_dark: bool = False, fps: float = FPS) -> None:
        self.is_dark = is_dark
        self.fps = fps
        self.began_s = time.monotonic()
        self._ground = np.full((720, 1280, 3), 90, dtype=np.uint8)

    def peek(self, after_seq: int, timeout_s: float) -> Drawn | None:
        deadline = time.monotonic() + timeout_s
        while not self.is_dark:
            if (seq := int((time.monotonic() - self.began_s) * self.fps) + 1) > after_seq:
                return Drawn(seq, self._draw(seq), datetime.now(UTC))
            if time.monotonic() > deadline:
                return None
            time.sleep(0.002)
        time.sleep(timeout_s)
        return None

    def status(self) -> FeedStatus:
        if self.is_dark:
            return FeedStatus(False, "dark", "stalled: connected, but silent for 4.0 s", 0, None, None, None)
        frames = int((time.monotonic() - self.began_s) * self.fps)
        return FeedStatus(True, "live", "", frames, self.fps, datetime.now(UTC), 0.02)

    def annotations(self) -> Annotations:
        entries = int(time.monotonic() - self.began_s)
        return Annotations(
            (Track(1, Box(400, 200, 500, 500), "person", 0.9, True), Track(2, Box(0, 0, 9, 9), "car", 0.3, False)),
            (DrawnLine("door", (0.5, 0.2), (0.5, 0.9), entries, 0),),
            (DrawnZone("hall", ((0.6, 0.5), (0.9, 0.5), (0.9, 0.9), (0.6, 0.9)), None),),
        )

    def _draw(self, seq: int) -> Image:
        image = self._ground.copy()
        cv2.circle(image, (60 + (seq * 12) % 1160, 600), 50, (40, 160, 240), -1)
        put_code(image, time.time_ns() // 1000)
        return image


def put_code(image: Image, number: int) -> None:
    """``number`` as a row of squares at the top."""
    for place in range(_BITS):
        colour = 255 if number >> place & 1 else 0
        image[0:_SQUARE_PX, place * _SQUARE_PX : (place + 1) * _SQUARE_PX] = colour


def read_code(jpeg: bytes) -> int:
    image = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    middle = _SQUARE_PX // 2
    bits = [int(image[middle, place * _SQUARE_PX + middle]) > 127 for place in range(_BITS)]
    return int(struct.unpack("<Q", np.packbits(bits, bitorder="little").tobytes())[0])


def make_app(settings: Settings) -> FastAPI:
    app = create_app(settings)
    for name, camera in {"moving": DrawnCamera(), "second": DrawnCamera(), "dark": DrawnCamera(is_dark=True)}.items():
        feed = Feed(name, camera, camera.annotations, camera.status, max_fps=settings.video.max_fps)
        app.state.video.add(feed)
    return app


if __name__ == "__main__":
    sys.exit(serve(load_settings(), make_app))
