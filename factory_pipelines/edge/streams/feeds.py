"""The cameras as people watch them: every stream of the fleet in the video hub, with what vision knows drawn in."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.edge.streams.stream import CameraStream
from factory_pipelines.edge.video.hub import Channel, Feed, FeedStatus, VideoHub
from factory_pipelines.edge.video.overlay import Annotations, DrawnLine, DrawnZone

if TYPE_CHECKING:
    from factory_pipelines.vision.scene import SceneResult

_STATES = {"live": "live", "starting": "connecting", "waiting": "dark", "stopped": "dark"}


class LiveFeeds:
    """Keeps the hub in line with the fleet, and remembers what is to be drawn."""

    def __init__(self, hub: VideoHub, zone: tzinfo, *, max_fps: float) -> None:
        """``zone`` of the clock in the pictures; ``max_fps`` of a camera while somebody looks."""
        self._hub = hub
        self._zone = zone
        self._max_fps = max_fps
        self._streams: dict[str, CameraStream] = {}
        self._known: dict[str, Annotations] = {}
        self._crossed: dict[str, Counter[tuple[str, str]]] = {}

    def sync(self, streams: Sequence[CameraStream]) -> None:
        """Shows exactly ``streams``; one that is unchanged keeps its viewers."""
        wanted = {stream.config.name: stream for stream in streams}
        for name in set(self._streams) - set(wanted):
            self._hub.remove(name)
            del self._streams[name]
            self._known.pop(name, None)
            self._crossed.pop(name, None)
        for name, stream in wanted.items():
            if self._streams.get(name) is not stream:
                self._streams[name] = stream
                self._crossed[name] = Counter()
                self._known[name] = self._annotations(stream.config, None)
                stream.view_fps = max(self._max_fps, stream.config.fps)
                feed = Feed(
                    name,
                    stream.view,
                    self._known_of(name),
                    partial(_status, stream),
                    zone=self._zone,
                    max_fps=self._max_fps,
                )
                channel = self._hub.add(feed)
                stream.is_watched = partial(_is_watched, channel)

    def look(self, camera: CameraConfig, _frame: Frame, result: "SceneResult | None") -> None:
        """Remembers what one picture shows; an onlooker of the worker."""
        if result is None:
            return
        crossed = self._crossed.setdefault(camera.name, Counter())
        crossed.update((crossing.line, crossing.direction) for crossing in result.crossings)
        self._known[camera.name] = self._annotations(camera, result)

    def _known_of(self, name: str) -> Callable[[], Annotations]:
        return lambda: self._known.get(name, Annotations())

    def _annotations(self, camera: CameraConfig, result: "SceneResult | None") -> Annotations:
        crossed = self._crossed.get(camera.name, Counter())
        lines = [
            DrawnLine(line.name, line.start, line.end, crossed[line.name, "in"], crossed[line.name, "out"])
            for line in camera.lines
        ]
        counts = result.zone_counts if result is not None else {}
        zones = [DrawnZone(zone.name, zone.points, counts.get(zone.name)) for zone in camera.zones]
        return Annotations(result.tracks if result is not None else (), lines, zones)


def _is_watched(channel: Channel) -> bool:
    return channel.is_watched


def _status(stream: CameraStream) -> FeedStatus:
    status = stream.status()
    says = f"{status.reason}: {status.detail}" if status.reason else ""
    return FeedStatus(
        connected=status.is_fresh,
        state=_STATES[status.state] if status.is_fresh or status.state != "live" else "dark",
        says=says,
        frames_read=status.captured,
        fps=status.fps,
        last_frame_at=status.last_frame_at,
        age_s=status.age_s,
    )
