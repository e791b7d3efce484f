"""Which detection shows which track.

Predictions and detections are paired at the least total cost (the Hungarian method, ``scipy``). What is left over is
explained: a track whose place is covered by a detection of another has merged with it, as people who pass one another
become one blob; a detection within a paired track is a fragment of it; any other detection is somebody new.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from factory_pipelines.vision.paths import Path
from factory_pipelines.vision.types import Box, Detection

# This share of a track's area must lie in a detection that others own, or of a fragment's in its track.
_COVERED, _FRAGMENT = 0.5, 0.7
# Of a track that has merged already, and may have stopped there, less will do while nothing else shows it.
_STILL_COVERED = 0.1
# What a difference of size, as the mean of the two logarithms, costs beside distance in sizes of the track.
_SIZE_WEIGHT = 0.3
_TENTATIVE_COST, _MOST_UNCERTAIN, _NEVER = 0.2, 1.0, 1e6


@dataclass(slots=True)
class Matches:
    """What one picture's detections are.

    Attributes:
        owners: per detection's number, the tracks that it shows; more than one when they have merged.
        boxes: per owned detection's number, its box together with its fragments.
        unclaimed: detections that show nobody known.
    """

    owners: dict[int, list[Path]]
    boxes: dict[int, Box]
    unclaimed: list[Detection]


def match(paths: Sequence[Path], detections: Sequence[Detection], gate: float) -> Matches:
    """Explains every detection.

    Args:
        paths: tracks, predicted to the time of the picture.
        detections: of the picture.
        gate: greatest distance between prediction and detection, in scales of the track, beyond its uncertainty.
    """
    owners = {number: [path] for path, number in _pairs(paths, detections, gate)}
    paired = {id(own[0]) for own in owners.values()}
    for path in paths:
        if path.is_confirmed and id(path) not in paired and (number := _covering(path, detections)) is not None:
            owners.setdefault(number, []).append(path)
    boxes = {number: detections[number].box for number in owners}
    unclaimed = []
    for number, detection in enumerate(detections):
        if number in owners:
            continue
        whole = _whole_of(detection.box, owners)
        if whole is None:
            unclaimed.append(detection)
        elif len(owners[whole]) == 1:
            boxes[whole] = _nearer_in_size(owners[whole][0], boxes[whole], detection.box)
    return Matches(owners, boxes, unclaimed)


def _pairs(paths: Sequence[Path], detections: Sequence[Detection], gate: float) -> list[tuple[Path, int]]:
    if not paths or not detections:
        return []
    costs = _costs(paths, detections, gate)
    rows, columns = linear_sum_assignment(costs)
    return [(paths[row], int(column)) for row, column in zip(rows, columns, strict=True) if costs[row, column] < _NEVER]


def _costs(paths: Sequence[Path], detections: Sequence[Detection], gate: float) -> npt.NDArray[np.float64]:
    costs = np.full((len(paths), len(detections)), _NEVER)
    for row, path in enumerate(paths):
        own = path.box
        x, y = own.centre
        allowed = gate + min(path.position_sd / path.scale, _MOST_UNCERTAIN)
        for column, detection in enumerate(detections):
            box = detection.box
            distance = math.hypot(box.centre[0] - x, box.centre[1] - y) / path.scale
            if distance <= allowed:
                unlike = abs(_log_ratio(box.width, own.width)) + abs(_log_ratio(box.height, own.height))
                penalty = 0.0 if path.is_confirmed else _TENTATIVE_COST
                costs[row, column] = distance + _SIZE_WEIGHT * unlike / 2 + penalty
    return costs


def _log_ratio(one: float, other: float) -> float:
    return math.log(max(one, 1e-6) / max(other, 1e-6))


def _covering(path: Path, detections: Sequence[Detection]) -> int | None:
    """Number of the detection that covers most of the track's place, if it covers enough."""
    covered = [detection.box.intersection(path.box) for detection in detections]
    enough = _STILL_COVERED if path.is_merged else _COVERED
    if not covered or max(covered) < enough * path.box.area:
        return None
    return int(np.argmax(covered))


def _whole_of(box: Box, owners: dict[int, list[Path]]) -> int | None:
    """Number of the owned detection one of whose tracks holds ``box``."""
    for number, paths in owners.items():
        if any(path.box.intersection(box) >= _FRAGMENT * box.area for path in paths):
            return number
    return None


def _nearer_in_size(path: Path, box: Box, fragment: Box) -> Box:
    """The box with or without the fragment, whichever is more like the track."""
    union = Box(min(box.x1, fragment.x1), min(box.y1, fragment.y1), max(box.x2, fragment.x2), max(box.y2, fragment.y2))
    return min(box, union, key=lambda one: abs(_log_ratio(one.area, path.width * path.height)))
