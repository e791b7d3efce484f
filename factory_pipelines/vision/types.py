"""The values that detectors, trackers, lines and plate readers hand to one another.

Pixels count from the top left corner of the picture, x to the right and y downwards; a box ends where its last pixel
ends, so that its width is simply ``x2 - x1``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""A picture: height × width × 3, blue, green, red."""

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; ``x1 <= x2`` and ``y1 <= y2``."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The point in the middle, (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def bottom_centre(self) -> tuple[float, float]:
        """Where what stands in the box touches the ground, (x, y): lines and zones go by this point."""
        return (self.x1 + self.x2) / 2, self.y2

    def intersection(self, other: "Box") -> float:
        """Square pixels that both boxes cover."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: "Box") -> float:
        """Intersection over union, from 0 to 1; 0 where neither has an area."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing seen in one picture; ``confidence`` from 0 to 1."""

    box: Box
    label: str
    confidence: float


class Detector(Protocol):
    """What finds things in pictures."""

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        """One list of detections for each picture, in the order of ``images``.

        A model takes pictures of several cameras at once. A motion detector compares each picture with those before it:
        it belongs to one camera, and ``images`` are that camera's, oldest first.
        """


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed over pictures.

    Attributes:
        track_id: unique within one camera's scene, from 1, never used again.
        box: where it is, or, while it is hidden, where it should be.
        label: what its detections say it is, by vote.
        confidence: from 0 to 1, of what was seen of it lately.
        is_confirmed: seen often enough to be believed; only confirmed tracks cross lines and are counted.
    """

    track_id: int
    box: Box
    label: str
    confidence: float
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """A confirmed track came from one side of a line to the other.

    Attributes:
        line: the line's name.
        track_id: who crossed.
        label: what crossed, by vote over the track.
        direction: ``in`` or ``out``, as the line says.
        confidence: of the track when it crossed.
        at: time of the picture that showed it on the other side.
        box: where it was then.
    """

    line: str
    track_id: int
    label: str
    direction: Direction
    confidence: float
    at: datetime
    box: Box


@dataclass(frozen=True, slots=True)
class PlateRead:
    """A plate read in one picture.

    Attributes:
        text: as read, cleaned of nothing but spaces around it.
        confidence: from 0 to 1, of the text as a whole.
        box: where the plate is in the picture.
        char_confidences: one for each character of ``text``; None where the reader does not say.
    """

    text: str
    confidence: float
    box: Box
    char_confidences: tuple[float, ...] | None
