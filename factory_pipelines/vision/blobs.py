"""From a mask of what moves to boxes with a class: cleaning, joining fragments, parting people who became one blob."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.outline import summits
from factory_pipelines.vision.stature import Statures
from factory_pipelines.vision.types import Box, Detection

Mask = npt.NDArray[np.uint8]

# Fragments of one body: most of the narrower lies above or below the other, with a small gap (picture heights).
_ABOVE, _GAP = 0.6, 0.05
# A blob that fills half of its box is as sure as motion gets.
_FULL = 0.5
# Heads in a blob's outline: how far they stand out and how far they are apart, in heights of a person; and how many.
_HEAD_STANDS_OUT, _HEADS_APART, _MOST_HEADS = 0.08, 0.18, 4
# A blob taller than this many people has somebody behind somebody.
_TALLER_THAN_ONE = 1.45
# How much of the one behind is hidden by one in front whose feet are below the picture.
_HIDDEN = 0.3
# Width by height of one person at most, and usually.
_SLIM, _USUAL_WIDTH = 0.8, 0.4


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


def blobs(mask: Mask, shapes: Shapes, statures: Statures) -> list[Detection]:
    """What moves, in pixels of the mask.

    Confidence is the blob's share of its box against the half that a walking body fills, less for a blob close to the
    smallest.

    Args:
        mask: 255 where something moves, 0 elsewhere.
        shapes: what is too small, and what is what.
        statures: how tall people are in this picture; learns from those who are alone in it.
    """
    import cv2

    height, width = mask.shape
    # Tall rather than wide: a body's gaps are above one another, two bodies are side by side.
    closed = np.asarray(
        cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((7, 3), np.uint8)), dtype=np.uint8
    )
    smallest = shapes.min_area * height * width
    parts = []
    for outline in cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, w, h = cv2.boundingRect(outline)
        if w * h >= smallest / 4:
            filled = cv2.countNonZero(closed[y : y + h, x : x + w])
            parts.append((Box(float(x), float(y), float(x + w), float(y + h)), filled))
    found = [
        _detection(box, area, shapes, height, width)
        for box, area in _joined(parts, _GAP * height)
        if area >= smallest and box.height >= shapes.min_height * height
    ]
    parted: list[Detection] = []
    alone: list[tuple[float, float]] = []
    for whole in found:
        if whole.label == "vehicle":
            parted.append(whole)
            continue
        people = _parted(whole, closed, statures)
        parted += people
        if len(people) == 1 and _is_whole(whole.box, height, width):
            alone.append((whole.box.y2 / height, whole.box.height / height))
    statures.learn(alone)
    return parted


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


def _is_whole(box: Box, height: int, width: int) -> bool:
    """Shaped like one person, and cut by no edge of the picture."""
    inside = box.x1 > 1 and box.y1 > 1 and box.x2 < width - 1 and box.y2 < height - 1
    return inside and box.width <= _SLIM * box.height


def _parted(whole: Detection, mask: Mask, statures: Statures) -> list[Detection]:
    """One detection for each person in a blob, where its outline shows several heads, or it is too tall for one."""
    height = mask.shape[0]
    box = whole.box
    usual = statures.at(box.y2 / height)
    tall = box.height if usual is None else usual * height
    heads = _heads(mask[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)], tall)
    if usual is None and len(heads) == 1:
        return [whole]
    if len(heads) == 1 and box.height > _TALLER_THAN_ONE * tall:
        behind = _below(heads[0], box, statures, height)
        is_cut = box.y2 >= height - 1
        front = Box(box.x1, behind.y2 - _HIDDEN * tall if is_cut else box.y2 - tall, box.x2, box.y2)
        return [Detection(one, "person", whole.confidence) for one in (behind, front)]
    if not 2 <= len(heads) <= _MOST_HEADS:
        return [whole]
    return [Detection(_below(head, box, statures, height), "person", whole.confidence) for head in heads]


def _heads(blob: Mask, tall: float) -> list[tuple[int, int]]:
    """Column and row, within the blob, of what stands out of its outline."""
    rise = np.where(blob.any(axis=0), blob.shape[0] - blob.argmax(axis=0), 0).tolist()
    # An edge on both sides, so that somebody cut by the box's side stands out too.
    tops = summits([0, *rise, 0], stands_out=_HEAD_STANDS_OUT * tall, apart=max(1.0, _HEADS_APART * tall))
    return [(top - 1, blob.shape[0] - rise[top - 1]) for top in tops]


def _below(head: tuple[int, int], blob: Box, statures: Statures, height: int) -> Box:
    """The box of the person with this head."""
    x, y = blob.x1 + head[0], blob.y1 + head[1]
    feet = min(blob.y2, (statures.feet_below(y / height) or 1.0) * height)
    half = _USUAL_WIDTH / 2 * max(feet - y, 1.0)
    return Box(max(blob.x1, x - half), y, min(blob.x2, x + half), feet)
