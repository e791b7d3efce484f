"""Lines that are crossed and zones that are stood in.

Points are shares of the picture, from (0, 0) at the top left to (1, 1) at the bottom right, so that they hold at any
resolution. What counts is the point where a track touches the ground, the bottom centre of its box.

A line has a band on both sides, as wide as a share of the height of whoever stands there, near or far. Within the band
nobody is on either side: who sways or loiters on the line stays on the side from which they came, and crosses once,
when they leave the band beyond it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from factory_pipelines.vision.types import Direction

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be crossed.

    Someone who looks along it from ``start`` to ``end`` has ``in`` on the right hand: walking from the left hand to the
    right is ``in``, the other way ``out``. Exchange the points to exchange the directions.

    Attributes:
        name: unique within the camera.
        start: shares of the picture, (x, y).
        end: shares of the picture, (x, y).
        margin: half the width of the band, as a share of the height of the box that crosses.

    Raises:
        ValueError: a point lies outside the picture, the line has no length, or the margin is not between 0 and 2.
    """

    name: str
    start: Point
    end: Point
    margin: float = 0.25

    def __post_init__(self) -> None:
        _inside(f"line {self.name}", (self.start, self.end))
        if self.start == self.end:
            raise ValueError(f"line {self.name}: start and end are the same point; give two different ones")
        if not 0 < self.margin < 2:
            raise ValueError(f"line {self.name}: margin must be a share between 0 and 2, not {self.margin}")


@dataclass(frozen=True, slots=True)
class Zone:
    """An area on the ground.

    Attributes:
        name: unique within the camera.
        points: corners in order, shares of the picture.
        labels: what is counted in it.

    Raises:
        ValueError: fewer than three corners, no area, or a corner outside the picture.
    """

    name: str
    points: tuple[Point, ...]
    labels: tuple[str, ...] = ("person",)

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise ValueError(f"zone {self.name}: an area has at least 3 corners, not {len(self.points)}")
        _inside(f"zone {self.name}", self.points)
        if abs(_doubled_area(self.points)) < 1e-6:
            raise ValueError(f"zone {self.name}: its corners lie on one line; give an area")

    def holds(self, point: Point) -> bool:
        """Whether a point (shares of the picture) lies inside; crossings of a ray to the right are counted."""
        x, y = point
        inside = False
        for (x1, y1), (x2, y2) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
        return inside


@dataclass(slots=True)
class _Stay:
    """Where one track is with regard to the line: ``side`` was left last at ``last``, and met the line at ``met``."""

    side: int
    last: Point
    met: bool = False


@dataclass(slots=True)
class LineCounter:
    """The memory of one line: on which side each track is.

    Args:
        line: the line.
    """

    line: Line
    _stays: dict[int, _Stay] = field(default_factory=dict)

    def step(self, track_id: int, point: Point, height: float, aspect: float) -> Direction | None:
        """The direction in which the track has now crossed, or None.

        Args:
            track_id: whose point this is.
            point: where it touches the ground, shares of the picture.
            height: of its box, a share of the picture's.
            aspect: width of the picture by its height.
        """
        along, across = self._place(point, aspect)
        side = 0 if abs(across) < self.line.margin * height else int(math.copysign(1, across))
        stay = self._stays.get(track_id)
        if stay is None:
            self._stays[track_id] = _Stay(side, (along, across))
            return None
        if (stay.last[1] > 0) != (across > 0):
            # Passed within the line's ends, or around one of them.
            share = stay.last[1] / (stay.last[1] - across)
            stay.met = 0.0 <= stay.last[0] + share * (along - stay.last[0]) <= 1.0
        stay.last = (along, across)
        if side in (0, stay.side):
            return None
        came_from, stay.side = stay.side, side
        if came_from == 0 or not stay.met:
            return None
        return "in" if side > 0 else "out"

    def keep(self, track_ids: Sequence[int]) -> None:
        """Forgets all tracks but these."""
        for gone in self._stays.keys() - set(track_ids):
            del self._stays[gone]

    def _place(self, point: Point, aspect: float) -> tuple[float, float]:
        """Share of the way along the line, and distance from it in picture heights, positive on its right hand."""
        (x1, y1), (x2, y2) = self.line.start, self.line.end
        run, rise = (x2 - x1) * aspect, y2 - y1
        length = math.hypot(run, rise)
        dx, dy = (point[0] - x1) * aspect, point[1] - y1
        return (dx * run + dy * rise) / length**2, (run * dy - rise * dx) / length


def _inside(what: str, points: Sequence[Point]) -> None:
    for x, y in points:
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"{what}: ({x}, {y}) lies outside the picture; give shares of it, from 0 to 1")


def _doubled_area(points: Sequence[Point]) -> float:
    following = (*points[1:], points[0])
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, following, strict=True))
