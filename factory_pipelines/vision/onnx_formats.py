"""What the outputs of a model mean: boxes in pixels of its input, a label's number and a confidence for each.

The format is said, never guessed. All give the same candidates; suppression of doubles comes after (``onnx.py``).

- ``yolov8``, ``yolo11`` (Ultralytics' export without NMS): one output, pictures × (4 + classes) × candidates: centre x,
  centre y, width, height in pixels, then a score for each class.
- ``yolox`` (its ``export_onnx``, decoding left out): one output, pictures × candidates × (5 + classes), over the grids
  of strides 8, 16 and 32: offset from the cell, logarithm of the size in cells, objectness, a score for each class.
- ``rtdetr``: Ultralytics' export, one output, pictures × candidates × (4 + classes), centre and size as shares of the
  input; or the authors', inputs ``images`` and ``orig_target_sizes``, outputs ``labels``, ``boxes``, ``scores``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Format = Literal["yolov8", "yolo11", "yolox", "rtdetr"]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Of one picture: boxes (n × 4: left, top, right, bottom, pixels of the model's input), class numbers, scores."""

    boxes: Floats
    classes: Ints
    scores: Floats


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a format wants its input.

    Attributes:
        keeps_shape: the picture is fitted in with its shape kept and the rest is grey; otherwise it is stretched.
        is_centred: grey on both sides; otherwise at the right and the bottom.
        is_rgb: red first; otherwise blue first.
        divisor: of the bytes.
        needs_doubles_suppressed: several candidates may show one thing.
    """

    keeps_shape: bool
    is_centred: bool
    is_rgb: bool
    divisor: float
    needs_doubles_suppressed: bool


_ULTRALYTICS = Preparation(keeps_shape=True, is_centred=True, is_rgb=True, divisor=255.0, needs_doubles_suppressed=True)
PREPARATIONS: dict[Format, Preparation] = {
    "yolov8": _ULTRALYTICS,
    "yolo11": _ULTRALYTICS,
    "yolox": Preparation(keeps_shape=True, is_centred=False, is_rgb=False, divisor=1.0, needs_doubles_suppressed=True),
    "rtdetr": Preparation(
        keeps_shape=False, is_centred=False, is_rgb=True, divisor=255.0, needs_doubles_suppressed=False
    ),
}


def expected_shape(format_: Format, class_count: int, side: tuple[int, int]) -> str:
    """What the outputs look like in words, for an error; ``side`` is the input's height and width."""
    if format_ in ("yolov8", "yolo11"):
        return f"one output of pictures × {4 + class_count} × candidates"
    if format_ == "yolox":
        return f"one output of pictures × {_cells(side)} × {5 + class_count}"
    return f"one output of pictures × candidates × {4 + class_count}, or labels, boxes and scores"


def fits(format_: Format, shapes: Sequence[tuple[int, ...]], class_count: int, side: tuple[int, int]) -> bool:
    """Whether outputs of these shapes can be of the format."""
    if format_ == "rtdetr" and len(shapes) == 3:
        labels, boxes, scores = shapes
        return len(labels) == 2 and len(boxes) == 3 and boxes[2] == 4 and boxes[:2] == labels == scores
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return False
    _, rows, columns = shapes[0]
    if format_ in ("yolov8", "yolo11"):
        return rows == 4 + class_count
    if format_ == "yolox":
        return columns == 5 + class_count and rows == _cells(side)
    return columns == 4 + class_count


def candidates(
    format_: Format, outputs: Sequence[npt.NDArray[np.generic]], side: tuple[int, int], threshold: float
) -> list[Candidates]:
    """Of each picture, what is at least as sure as ``threshold``.

    Args:
        format_: of the model.
        outputs: of one run, in the model's order.
        side: height and width of the input in pixels.
        threshold: from 0 to 1.
    """
    if len(outputs) == 3:
        labels, boxes, scores = outputs
        return [
            _chosen(np.asarray(b, np.float32), np.asarray(n, np.int64), np.asarray(s, np.float32), threshold)
            for n, b, s in zip(labels, boxes, scores, strict=True)
        ]
    raw = np.asarray(outputs[0], dtype=np.float32)
    if format_ in ("yolov8", "yolo11"):
        raw = raw.transpose(0, 2, 1)
    if format_ == "yolox":
        raw = _decoded(raw, side)
    if format_ == "rtdetr":
        height, width = side
        raw = raw * np.array([width, height, width, height] + [1] * (raw.shape[2] - 4), dtype=np.float32)
    return [_best_class(rows, threshold) for rows in raw]


def _best_class(rows: Floats, threshold: float) -> Candidates:
    """From centre, size and class scores."""
    scores = rows[:, 4:]
    classes = scores.argmax(axis=1).astype(np.int64)
    half = rows[:, 2:4] / 2
    boxes = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)
    return _chosen(boxes, classes, scores.max(axis=1), threshold)


def _chosen(boxes: Floats, classes: Ints, scores: Floats, threshold: float) -> Candidates:
    sure = (scores >= threshold) & np.isfinite(boxes).all(axis=1)
    return Candidates(boxes[sure], classes[sure], scores[sure])


def _decoded(raw: Floats, side: tuple[int, int]) -> Floats:
    """YOLOX: from cells to pixels, from objectness to scores."""
    cells, strides = [], []
    for stride in _STRIDES:
        high, wide = side[0] // stride, side[1] // stride
        y, x = np.mgrid[:high, :wide]
        cells.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        strides.append(np.full((high * wide, 1), stride))
    grid, stride_of = np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
    centres = (raw[..., :2] + grid) * stride_of
    with np.errstate(over="ignore"):  # an absurd size is no box, and is left out as infinite
        sizes = np.exp(raw[..., 2:4]) * stride_of
    return np.concatenate([centres, sizes, raw[..., 5:] * raw[..., 4:5]], axis=-1)


def _cells(side: tuple[int, int]) -> int:
    return sum((side[0] // stride) * (side[1] // stride) for stride in _STRIDES)
