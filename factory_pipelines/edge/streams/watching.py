"""Looking at one camera's pictures, in a thread of its own: whatever one picture does, the next is looked at."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING

import structlog

from factory_pipelines.cameras.addresses import redacted
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.edge.streams.stream import CameraStream

if TYPE_CHECKING:
    from factory_pipelines.vision.scene import SceneResult

_log = structlog.get_logger(__name__)

_WAIT_S = 0.5

# What a picture shows, and what follows from it; None: nothing is looked for at this camera.
Look = Callable[[Frame], "SceneResult | None"]
# Whoever wants to see every picture that was looked at: the live video, plate reading.
Onlooker = Callable[[CameraConfig, Frame, "SceneResult | None"], None]


class Watcher:
    """One camera's thread of vision."""

    def __init__(self, stream: CameraStream, look: Look, onlookers: Sequence[Onlooker] = ()) -> None:
        """``onlookers`` are called in this thread, in order: who takes long takes it from this camera."""
        self.stream = stream
        self.processed = 0
        self.failed = 0
        self.busy_s = 0.0
        self.last_age_s: float | None = None  # of the newest picture, when everybody had seen it
        self._look = look
        self._onlookers = onlookers
        self._said: str | None = None
        self._is_over = False
        self._thread = Thread(target=self._run, name=f"vision-{stream.config.name}", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the picture that is being looked at; does not wait."""
        self._is_over = True

    def join(self, timeout_s: float) -> bool:
        """Waits for the end; says whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        seq = 0
        while not self._is_over:
            frame = self.stream.slot.get(seq, _WAIT_S)
            if frame is None:
                continue
            seq = frame.seq
            began_s = time.monotonic()
            try:
                result = self._look(frame)
                for onlooker in self._onlookers:
                    onlooker(self.stream.config, frame, result)
                self.processed += 1
            except Exception as error:  # noqa: BLE001
                # A picture that breaks the detector, a full disk: this camera's loss of one picture, counted and said.
                self.failed += 1
                self._say(error, frame)
            now_s = time.monotonic()
            self.busy_s += now_s - began_s
            self.last_age_s = now_s - frame.captured_s

    def _say(self, error: Exception, frame: Frame) -> None:
        """The first of a kind as an error, what follows of the same kind quietly."""
        kind = type(error).__name__
        say = _log.debug if kind == self._said else _log.error
        self._said = kind
        height, width = frame.image.shape[:2]
        say(
            "a picture could not be looked at",
            camera=self.stream.config.name,
            reason=redacted(f"{kind}: {error}"),
            size=f"{width} × {height}",
            failed=self.failed,
            exc_info=say == _log.error,
        )
