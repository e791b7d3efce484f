"""One track as the tracker keeps it, and how a detection corrects it.

A detection shows a track whole, or only in part: hidden behind something, cut by the edge of the picture, or merged
with others into one blob. Then an edge of the detection that is where the track's edge was expected still tells where
the track is, and its size is remembered from before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from factory_pipelines.vision.kalman import Axis
from factory_pipelines.vision.types import Box, Detection, Track

# From the first edge to the last, along one coordinate.
Side = tuple[float, float]

# Standard deviations as shares of a track's scale, the longer side of its box; of speed and acceleration, by seconds.
_WHOLE_SD, _PART_SD, _CLAMPED_SD, _FIRST_SPEED_SD, _ACCELERATION_SD = 0.04, 0.10, 0.15, 1.5, 0.8
# A side longer or shorter than expected by more than this share shows the track in part, or more than the track.
_PART = 0.25
# An edge further from where it was expected than this share of the scale belongs to something else.
_OWN_EDGE = 0.3
# Nearer to the edge of the picture than this, in its heights, a side is cut by it.
_AT_EDGE = 0.012
# A track that comes in from the edge of the picture grows for so long.
_YOUNG_S = 2.0
# How fast size and confidence follow what is seen.
_SIZE_RATE, _SIZE_RATE_IN_PART, _CONFIDENCE_RATE = 0.25, 0.08, 0.2


@dataclass(slots=True, eq=False)
class Path:
    """Where a track has come; ``x`` and ``y`` follow the bottom centre of its box."""

    track_id: int
    x: Axis
    y: Axis
    width: float
    height: float
    confidence: float
    born_at: datetime
    seen_at: datetime
    votes: dict[str, float]
    hits: int = 1
    is_confirmed: bool = False
    is_merged: bool = False

    @classmethod
    def begin(cls, track_id: int, detection: Detection, at: datetime) -> "Path":
        """A track that one detection begins, at rest as far as is known."""
        box = detection.box
        scale = max(box.width, box.height)
        x, y = (
            Axis(value, 0.0, (_WHOLE_SD * scale) ** 2, (_FIRST_SPEED_SD * scale) ** 2) for value in box.bottom_centre
        )
        votes = {detection.label: _vote(detection)}
        return cls(track_id, x, y, box.width, box.height, detection.confidence, at, at, votes)

    @property
    def scale(self) -> float:
        """The longer side of the box."""
        return max(self.width, self.height, 1e-6)

    @property
    def box(self) -> Box:
        """Where it is expected to be."""
        half = self.width / 2
        return Box(self.x.position - half, self.y.position - self.height, self.x.position + half, self.y.position)

    @property
    def position_sd(self) -> float:
        """How uncertain its place is, in the unit of the boxes."""
        return float((self.x.position_var + self.y.position_var) ** 0.5)

    @property
    def label(self) -> str:
        """What most of its detections say it is; sure ones and large ones, seen from near, weigh more."""
        return max(self.votes, key=lambda label: (self.votes[label], label))

    def track(self) -> Track:
        """The track as others see it."""
        return Track(self.track_id, self.box, self.label, self.confidence, self.is_confirmed)

    def predict(self, elapsed_s: float) -> None:
        """Moves on to the time of the next picture."""
        for axis in (self.x, self.y):
            axis.predict(elapsed_s, _ACCELERATION_SD * self.scale)

    def take(self, box: Box, detection: Detection, at: datetime, frame: Box) -> None:
        """Takes in a detection of its own; ``box`` is the detection's, or with fragments that belong to it."""
        own = self.box
        is_young = (at - self.born_at).total_seconds() < _YOUNG_S
        self.width, whole_x = self._take_side(
            self.x, (own.x1, own.x2), (box.x1, box.x2), (frame.x1, frame.x2), 0.5, is_young
        )
        self.height, whole_y = self._take_side(
            self.y, (own.y1, own.y2), (box.y1, box.y2), (frame.y1, frame.y2), 1.0, is_young
        )
        self.confidence += _CONFIDENCE_RATE * (detection.confidence - self.confidence)
        if whole_x and whole_y:
            self.votes[detection.label] = self.votes.get(detection.label, 0.0) + _vote(detection)
        self.hits += 1
        self.seen_at = at
        self.is_merged = False

    def _take_side(
        self, axis: Axis, own: Side, seen: Side, frame: Side, anchor: float, is_young: bool
    ) -> tuple[float, bool]:
        """Corrects one coordinate; the size along it, and whether the track was seen whole."""
        size, measured = own[1] - own[0], seen[1] - seen[0]
        is_cut = seen[0] <= frame[0] + _AT_EDGE, seen[1] >= frame[1] - _AT_EDGE
        if is_cut[0] != is_cut[1]:
            size = max(size, measured)
            place = seen[1] - (1 - anchor) * size if is_cut[0] else seen[0] + anchor * size
            axis.update(place, _PART_SD * self.scale)
            return size, False
        if _is_part(measured, size, is_young) and _update_by_edges(axis, own, seen, anchor, self.scale, (True, True)):
            return size + _SIZE_RATE_IN_PART * (measured - size), False
        axis.update(seen[0] + anchor * measured, _WHOLE_SD * self.scale)
        return size + _SIZE_RATE * (measured - size), True

    def miss(self) -> None:
        """A picture did not show it."""
        self.confidence -= _CONFIDENCE_RATE * self.confidence


def share(paths: Sequence[Path], box: Box, at: datetime) -> None:
    """Several tracks take in the one blob they have become: each by the edges that are its own.

    The blob's left edge belongs to the track that is expected furthest left, and so on: two who pass one another thus
    change edges as they pass.
    """
    boxes = [path.box for path in paths]
    for path, own in zip(paths, boxes, strict=True):
        is_first = own.x1 == min(b.x1 for b in boxes), own.y1 == min(b.y1 for b in boxes)
        is_last = own.x2 == max(b.x2 for b in boxes), own.y2 == max(b.y2 for b in boxes)
        for axis, mine, blob, anchor, edges in (
            (path.x, (own.x1, own.x2), (box.x1, box.x2), 0.5, (is_first[0], is_last[0])),
            (path.y, (own.y1, own.y2), (box.y1, box.y2), 1.0, (is_first[1], is_last[1])),
        ):
            if not _update_by_edges(axis, mine, blob, anchor, path.scale, edges):
                _keep_within(axis, mine, blob, path.scale)
        path.hits += 1
        path.seen_at = at
        path.is_merged = True


def _vote(detection: Detection) -> float:
    return detection.confidence * detection.box.area


def _is_part(measured: float, expected: float, is_young: bool) -> bool:
    """Whether a side shows less of the track, or more than it; what has just come into the picture may well grow."""
    return measured < (1 - _PART) * expected or (measured > (1 + _PART) * expected and not is_young)


def _update_by_edges(
    axis: Axis,
    own: Side,
    seen: Side,
    anchor: float,
    scale: float,
    edges: tuple[bool, bool],
) -> bool:
    """Corrects by that edge of ``seen`` which is nearer to its expected place; False when neither edge is the track's.

    ``anchor`` is where ``axis.position`` lies between the first edge (0) and the last (1).
    """
    size = own[1] - own[0]
    candidates = []
    if edges[0]:
        candidates.append((abs(seen[0] - own[0]), seen[0] + anchor * size))
    if edges[1]:
        candidates.append((abs(seen[1] - own[1]), seen[1] - (1 - anchor) * size))
    surprise, position = min(candidates, default=(_OWN_EDGE * scale + 1, 0.0))
    if surprise > _OWN_EDGE * scale:
        return False
    axis.update(position, _PART_SD * scale)
    return True


def _keep_within(axis: Axis, own: Side, blob: Side, scale: float) -> None:
    """Draws a track back into the blob that holds it."""
    overshoot = max(blob[0] - own[0], 0.0) - max(own[1] - blob[1], 0.0)
    if overshoot:
        axis.update(axis.position + overshoot, _CLAMPED_SD * scale)
