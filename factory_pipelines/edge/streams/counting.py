"""What a camera's scene says as events of the occupancy log: crossings, counts, signs of life."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.edge.streams.slot import Frame
from factory_pipelines.vision.types import Box, Crossing, Image

if TYPE_CHECKING:
    from factory_pipelines.vision.scene import SceneResult

_log = structlog.get_logger(__name__)

# Somebody who sways on a zone's edge must not make an event of every picture.
_COUNT_AT_MOST_EVERY = timedelta(seconds=1)

Event = dict[str, Any]
# Keeps a picture of a crossing, and gives its path; None where it could not be kept.
Evidence = Callable[[CameraConfig, Crossing, Image], str | None]


def sources_of(camera: CameraConfig) -> dict[str, str]:
    """What a camera sends as: source_id → ``door`` (who passes its lines) or ``camera`` (who is in its zones)."""
    sources = {}
    if camera.lines:
        sources[camera.name] = "door"
    if camera.zones:
        sources[_counts_as(camera)] = "camera"
    return sources


def _counts_as(camera: CameraConfig) -> str:
    return f"{camera.name}.zones" if camera.lines else camera.name


class Counter:
    """One camera's events. Their keys follow from what was seen alone: the same clip gives the same events."""

    def __init__(
        self,
        camera: CameraConfig,
        *,
        heartbeat: timedelta,
        evidence: Evidence = lambda _camera, _crossing, _image: None,
    ) -> None:
        """``heartbeat``: without anything else to say, a sign of life this often."""
        self._camera = camera
        self._heartbeat = heartbeat
        self._evidence = evidence
        self._signed: dict[str, datetime] = {}
        self._count: int | None = None

    def events(self, frame: Frame, result: "SceneResult") -> list[Event]:
        """What this picture adds to the log."""
        events = [self._crossing(crossing, frame.image) for crossing in result.crossings]
        if self._camera.lines:
            if events:
                self._signed[self._camera.name] = frame.captured_at
            elif self._is_due(self._camera.name, frame.captured_at, self._heartbeat):
                events.append(_event(self._camera.name, frame.captured_at, "alive", "heartbeat"))
        if self._camera.zones:
            events += self._counts(sum(result.zone_counts.values()), frame.captured_at)
        return events

    def _crossing(self, crossing: Crossing, image: Image) -> Event:
        key = f"{crossing.line}-{crossing.track_id}-{crossing.direction}"
        return {
            **_event(self._camera.name, crossing.at, key, "crossing"),
            "direction": crossing.direction,
            "people": 1,
            "label": crossing.label,
            "track_id": str(crossing.track_id),
            "confidence": round(crossing.confidence, 4),
            "snapshot": self._evidence(self._camera, crossing, image),
        }

    def _counts(self, people: int, at: datetime) -> list[Event]:
        source = _counts_as(self._camera)
        every = self._heartbeat if people == self._count else _COUNT_AT_MOST_EVERY
        if not self._is_due(source, at, every):
            return []
        self._count = people
        return [{**_event(source, at, "inside", "count"), "people": people}]

    def _is_due(self, source: str, at: datetime, every: timedelta) -> bool:
        last = self._signed.get(source)
        # A clip that begins anew goes back in time.
        if last is not None and timedelta(0) <= at - last < every:
            return False
        self._signed[source] = at
        return True


def _event(source: str, at: datetime, key: str, kind: str) -> Event:
    return {"source_id": source, "observed_at": at, "event_id": f"{key}-{at:%Y%m%dT%H%M%S.%f}", "kind": kind}


def cut_out(image: Image, box: Box, *, margin: float = 0.25) -> Image:
    """The part of a picture around ``box``, with ``margin`` of its size on each side."""
    height, width = image.shape[:2]
    dx, dy = margin * box.width, margin * box.height
    left, right = max(int(box.x1 - dx), 0), min(int(box.x2 + dx) + 1, width)
    top, bottom = max(int(box.y1 - dy), 0), min(int(box.y2 + dy) + 1, height)
    return image[top:bottom, left:right]
