"""All cameras of a process: brought in line with their configuration, and watched."""

from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread

import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.stream import CameraStream, StreamStatus

_log = structlog.get_logger(__name__)

_WATCH_EVERY_S = 0.25


class Fleet:
    """The streams by the name of their camera. One camera's trouble is nobody else's: each has its own thread."""

    def __init__(
        self, *, max_megapixels: float = 25.0, on_change: Callable[[StreamStatus], None] = lambda _: None
    ) -> None:
        """``on_change`` hears each change of a camera's state."""
        self._max_megapixels = max_megapixels
        self._on_change = on_change
        self._lock = Lock()
        self._streams: dict[str, CameraStream] = {}
        self._ending = Event()
        self._watchdog = Thread(target=self._keep_watch, name="camera-watchdog", daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._watchdog.start()

    def apply(self, configs: Iterable[CameraConfig]) -> list[CameraStream]:
        """Brings the streams in line with ``configs``: an unchanged camera notices nothing.

        Returns the streams that were begun.
        """
        wanted = {config.name: config for config in configs if config.is_enabled}
        begun: list[CameraStream] = []
        with self._lock:
            for name, stream in list(self._streams.items()):
                if wanted.get(name) != stream.config:
                    del self._streams[name]
                    stream.stop()
            for name, config in wanted.items():
                if name not in self._streams:
                    stream = CameraStream(config, max_megapixels=self._max_megapixels, on_change=self._on_change)
                    self._streams[name] = stream
                    begun.append(stream)
        for stream in begun:
            stream.start()
        return begun

    def get(self, name: str) -> CameraStream | None:
        """The stream of one camera, or None."""
        return self._streams.get(name)

    def streams(self) -> list[CameraStream]:
        """All of them, by name."""
        with self._lock:
            return [stream for _, stream in sorted(self._streams.items())]

    def statuses(self) -> list[StreamStatus]:
        """All of them at this moment, by name."""
        return [stream.status() for stream in self.streams()]

    def close(self, wait_s: float = 0.5) -> None:
        """Ends all streams; a reader that hangs in a library is left to the end of the process."""
        self._ending.set()
        streams = self.streams()
        for stream in streams:
            stream.stop()
        for stream in streams:
            stream.stop(wait_s / max(len(streams), 1))

    def _keep_watch(self) -> None:
        while not self._ending.wait(_WATCH_EVERY_S):
            for stream in self.streams():
                try:
                    stream.watch()
                except Exception:  # noqa: BLE001
                    # A watchdog that dies of one camera would leave all others unwatched.
                    _log.exception("the watchdog failed at a camera", camera=stream.config.name)
