"""One camera's scene: detections, tracks, crossings and who stands in which zone, picture by picture.

A scene holds all state of its camera and nothing else: no clock, no thread. The same pictures with the same times give
the same result.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from factory_pipelines.vision.lines import Line, LineCounter, Point, Zone
from factory_pipelines.vision.tracker import Followed, Tracker
from factory_pipelines.vision.types import Box, Crossing, Detection, Detector, Image, Track

# A track stands that has been within so many heights of one place for so long.
_STANDS_WITHIN, _STANDS_AFTER_S = 0.3, 1.0
# It has walked once it was further than so many heights from where it was seen first.
_WALKED = 0.7
# Room around what stands, as a share of its sides.
_ROOM = 0.2


@runtime_checkable
class HoldsForeground(Protocol):
    """A detector that forgets what stands still unless it is told to hold it."""

    def hold(self, boxes: Sequence[Box]) -> None:
        """Keeps what is in these boxes (pixels) in view."""


@dataclass(frozen=True, slots=True)
class SceneResult:
    """What one picture came to; boxes in its pixels.

    Attributes:
        detections: as the detector gave them.
        tracks: those that were seen before too, the unbelieved marked, each where it is or should be.
        crossings: of believed tracks, in this picture.
        zone_counts: per zone's name, believed tracks with the zone's labels that stand in it.
    """

    detections: tuple[Detection, ...]
    tracks: tuple[Track, ...]
    crossings: tuple[Crossing, ...]
    zone_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Stay:
    """Where a track was first seen, and where it has been since when."""

    first_seen: Point
    place: Point
    since: datetime
    has_walked: bool = False


class SceneWatcher:
    """Follows one camera.

    Args:
        camera_id: whose pictures these are.
        detector: ``MotionDetector`` of this camera's own, or a model that cameras may share.
        tracker: of this camera's own.
        lines: to be crossed.
        zones: to be stood in.
        hold_s: how long something that stands still is kept from becoming background.

    Raises:
        ValueError: two lines, or two zones, of one name.
    """

    def __init__(
        self,
        camera_id: str,
        detector: Detector,
        tracker: Tracker | None = None,
        lines: Sequence[Line] = (),
        zones: Sequence[Zone] = (),
        *,
        hold_s: float = 300.0,
    ) -> None:
        for kind, names in (("line", [line.name for line in lines]), ("zone", [zone.name for zone in zones])):
            if len(set(names)) < len(names):
                raise ValueError(f"camera {camera_id}: two {kind}s have one name; give each its own")
        self.camera_id = camera_id
        self._detector = detector
        self._tracker = tracker or Tracker()
        self._counters = [LineCounter(line) for line in lines]
        self._zones = tuple(zones)
        self._hold_s = hold_s
        self._aspect: float | None = None
        self._stays: dict[int, _Stay] = {}

    def step(self, image: Image, at: datetime) -> SceneResult:
        """Looks at one picture, taken at ``at``."""
        height, width = image.shape[:2]
        return self.follow(self._detector.predict([image])[0], (width, height), at)

    def follow(self, detections: Sequence[Detection], size: tuple[int, int], at: datetime) -> SceneResult:
        """Goes on from detections that were made elsewhere, as by a model that serves several cameras at once.

        Args:
            detections: of the picture, in its pixels.
            size: width and height of the picture in pixels.
            at: when it was taken.
        """
        width, height = size
        aspect = width / height
        if self._aspect is None or abs(aspect / self._aspect - 1) > 0.02:
            # Another shape of picture shows another view.
            self._tracker.restart()
            self._aspect = aspect
        # Within, a unit is the height of the picture, whatever its resolution.
        found = [Detection(_scaled(one.box, 1 / height), one.label, one.confidence) for one in detections]
        followed = self._tracker.step(found, at, Box(0.0, 0.0, aspect, 1.0))
        crossings = self._crossings(followed, aspect, height, at)
        self._hold(followed, aspect, height, at)
        tracks = [_in_pixels(one.track, height) for one in followed if one.track.is_confirmed or one.is_seen]
        return SceneResult(tuple(detections), tuple(tracks), crossings, self._zone_counts(followed, aspect))

    def _crossings(
        self, followed: Sequence[Followed], aspect: float, height: int, at: datetime
    ) -> tuple[Crossing, ...]:
        crossings = []
        for counter in self._counters:
            for one in followed:
                # A track that is not seen is only supposed to have crossed: it has when it is seen on the other side.
                if not one.is_seen:
                    continue
                box = one.track.box
                direction = counter.step(one.track.track_id, _ground(box, aspect), box.height, aspect)
                if direction is not None and one.track.is_confirmed:
                    track = _in_pixels(one.track, height)
                    crossings.append(
                        Crossing(
                            counter.line.name, track.track_id, track.label, direction, track.confidence, at, track.box
                        )
                    )
            counter.keep([one.track.track_id for one in followed])
        return tuple(crossings)

    def _zone_counts(self, followed: Sequence[Followed], aspect: float) -> dict[str, int]:
        believed = [one.track for one in followed if one.track.is_confirmed]
        return {
            zone.name: sum(track.label in zone.labels and zone.holds(_ground(track.box, aspect)) for track in believed)
            for zone in self._zones
        }

    def _hold(self, followed: Sequence[Followed], aspect: float, height: int, at: datetime) -> None:
        """Tells the detector which believed tracks stand still, each for ``hold_s`` at most."""
        if not isinstance(self._detector, HoldsForeground):
            return
        stays: dict[int, _Stay] = {}
        held = []
        for one in followed:
            if not one.track.is_confirmed:
                continue
            box = one.track.box
            feet = box.bottom_centre
            stay = self._stays.get(one.track.track_id) or _Stay(feet, feet, at)
            if math.dist(stay.place, feet) > _STANDS_WITHIN * box.height:
                walked = stay.has_walked or math.dist(stay.first_seen, feet) > _WALKED * box.height
                stay = _Stay(stay.first_seen, feet, at, walked)
            stays[one.track.track_id] = stay
            stands = _STANDS_AFTER_S <= (at - stay.since).total_seconds() <= self._hold_s
            # What never walked is no person: where something was taken away, the background must be learnt.
            if one.is_seen and stands and stay.has_walked:
                held.append(_scaled(_grown(box, aspect), height))
        self._stays = stays
        self._detector.hold(held)


def _grown(box: Box, aspect: float) -> Box:
    """With some room around it, so that the edges of what stands there are not forgotten bit by bit."""
    room_x, room_y = _ROOM * box.width, _ROOM * box.height
    return Box(
        max(box.x1 - room_x, 0.0), max(box.y1 - room_y, 0.0), min(box.x2 + room_x, aspect), min(box.y2 + room_y, 1.0)
    )


def _ground(box: Box, aspect: float) -> tuple[float, float]:
    """Where a track stands, as shares of the picture."""
    x, y = box.bottom_centre
    return x / aspect, y


def _scaled(box: Box, factor: float) -> Box:
    return Box(box.x1 * factor, box.y1 * factor, box.x2 * factor, box.y2 * factor)


def _in_pixels(track: Track, height: int) -> Track:
    return Track(track.track_id, _scaled(track.box, height), track.label, track.confidence, track.is_confirmed)
