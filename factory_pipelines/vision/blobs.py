"""From a mask of what moves to boxes with a class: cleaning, joining fragments, telling people from vehicles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.types import Box, Detection

Mask = npt.NDArray[np.uint8]

# Fragments of one body: most of the narrower lies above or below the other, with a small gap (picture heights).
_ABOVE, _GAP = 0.6, 0.05
# A blob that fills half of its box is as sure as motion gets.
_FULL = 0.5


@dataclass(frozen=True, slots=True)
class Shapes:
    """What size and shape say about a blob. Shares are of the picture's height, or of its area.

    Attributes:
        min_area: a smaller blob is noise.
        min_height: a lower one too.
        vehicle_area: from this area on, and no taller than wide, a blob is a ``vehicle``.
        person_aspect: up to this width by height it is a ``person``; anything else is an ``object``.
    """

    min_area: float = 0.0015
    min_height: float = 0.06
    vehicle_area: float = 0.03
    person_aspect: float = 1.1


def blobs(mask: Mask, shapes: Shapes) -> list[Detection]:
    """What moves, in pixels of the mask.

    Confidence is the blob's share of its box against the half that a walking body fills, less for a blob close to the
    smallest.

    Args:
        mask: 255 where something moves, 0 elsewhere.
        shapes: what is too small, and what is what.
    """
    import cv2

    height, width = mask.shape
    # Tall rather than wide: a body's gaps are above one another, two bodies are side by side.
    closed = cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((7, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    smallest = shapes.min_area * height * width
    parts = [
        (Box(float(x), float(y), float(x + w), float(y + h)), int(area))
        for x, y, w, h, area in stats[1:count]
        if area >= smallest / 4
    ]
    whole = _joined(parts, _GAP * height)
    return [
        _detection(box, area, shapes, height, width)
        for box, area in whole
        if area >= smallest and box.height >= shapes.min_height * height
    ]


def _joined(parts: Sequence[tuple[Box, int]], gap: float) -> list[tuple[Box, int]]:
    """Fragments of one body put together, from the largest on."""
    whole: list[tuple[Box, int]] = []
    for box, area in sorted(parts, key=lambda part: (-part[1], part[0].x1, part[0].y1)):
        for number, (other, other_area) in enumerate(whole):
            if _belong_together(box, other, gap):
                union = Box(min(box.x1, other.x1), min(box.y1, other.y1), max(box.x2, other.x2), max(box.y2, other.y2))
                whole[number] = (union, area + other_area)
                break
        else:
            whole.append((box, area))
    return whole


def _belong_together(part: Box, other: Box, gap: float) -> bool:
    beside = min(part.x2, other.x2) - max(part.x1, other.x1)
    apart = max(part.y1, other.y1) - min(part.y2, other.y2)
    return beside >= _ABOVE * min(part.width, other.width) and apart <= gap


def _detection(box: Box, area: int, shapes: Shapes, height: int, width: int) -> Detection:
    aspect = box.width / box.height
    if aspect >= 1 and box.area >= shapes.vehicle_area * height * width:
        label = "vehicle"
    else:
        label = "person" if aspect <= shapes.person_aspect else "object"
    filled = min(1.0, area / box.area / _FULL)
    size = min(1.0, area / (2 * shapes.min_area * height * width))
    return Detection(box, label, filled * size)
