"""A user's own model on onnxruntime, for all cameras that name it: their pictures go through it together.

``docs/vision.md`` says how to bring a model. Everything about it is configuration: the file, its format, its classes in
their order, and how sure it must be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.onnx_formats import (
    PREPARATIONS,
    Candidates,
    Format,
    candidates,
    expected_shape,
    fits,
)
from factory_pipelines.vision.types import Box, Detection, Image

_GREY = 114
_USUAL_SIDE = 640


class ModelError(ValueError):
    """A model that cannot be used; says the file, what is wrong, and what to change."""


@dataclass(frozen=True, slots=True)
class OnnxConfig:
    """A model and what its outputs mean.

    Attributes:
        path: the ``.onnx`` file.
        format: see ``onnx_formats.py``.
        classes: names in the order of the model's class numbers.
        keep: only these are reported; None for all.
        min_confidence: from 0 to 1.
        max_overlap: of two boxes of one class with a larger intersection over union, the surer one stays.
        threads: of onnxruntime.
    """

    path: Path
    format: Format
    classes: tuple[str, ...]
    keep: frozenset[str] | None = None
    min_confidence: float = 0.4
    max_overlap: float = 0.5
    threads: int = 1


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a picture lies in the model's input: pixels of the input for each of the picture, and its corner."""

    across: float
    down: float
    left: int
    top: int


class OnnxDetector:
    """Detections by a model. One instance serves any number of cameras, from one thread.

    Args:
        config: the model.

    Raises:
        ModelError: the file is missing or is no model, its outputs do not have the shape of the format and the number
            of classes, or ``keep`` names a class that it does not have.
    """

    def __init__(self, config: OnnxConfig) -> None:
        self._config = config
        self._preparation = PREPARATIONS[config.format]
        if not config.classes:
            raise ModelError(f"{config.path}: classes is empty; name the model's classes in the order of their numbers")
        if config.keep is not None and (unknown := config.keep - set(config.classes)):
            raise ModelError(f"{config.path}: keep names {', '.join(sorted(unknown))}, which classes does not list")
        self._session = _opened(config)
        inputs = self._session.get_inputs()
        self._input, self._wants_sizes = inputs[0].name, "orig_target_sizes" in [one.name for one in inputs]
        self._batch, self._side = self._input_shape(inputs[0].shape)
        self._check_outputs()

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        """What the model sees in each picture, surest first, in pixels of the picture.

        A model with a fixed number of pictures runs as often as needed, filled up with grey.
        """
        found: list[list[Detection]] = []
        step = self._batch or max(1, len(images))
        for start in range(0, len(images), step):
            part = images[start : start + step]
            prepared = [self._prepared(image) for image in part]
            pixels = np.stack([one for one, _ in prepared])
            if self._batch and len(part) < self._batch:
                blank = np.zeros((self._batch - len(part), *pixels.shape[1:]), np.float32)
                pixels = np.concatenate([pixels, blank])
            seen = candidates(self._config.format, self._run(pixels), self._side, self._config.min_confidence)
            for image, (_, fit), one in zip(part, prepared, seen, strict=False):
                found.append(self._detections(one, fit, image.shape[:2]))
        return found

    def _run(self, pixels: npt.NDArray[np.float32]) -> list[npt.NDArray[np.generic]]:
        feed: dict[str, Any] = {self._input: pixels}
        if self._wants_sizes:
            # Boxes in pixels of the input, like those of the other formats.
            feed["orig_target_sizes"] = np.array([[self._side[1], self._side[0]]] * len(pixels), np.int64)
        return [np.asarray(output) for output in self._session.run(None, feed)]

    def _prepared(self, image: Image) -> tuple[npt.NDArray[np.float32], _Fit]:
        """The picture as the model's input, colours first, and how it lies in there."""
        import cv2

        height, width = self._side
        how = self._preparation
        across, down = width / image.shape[1], height / image.shape[0]
        if how.keeps_shape:
            across = down = min(across, down)
        wide, high = max(1, round(image.shape[1] * across)), max(1, round(image.shape[0] * down))
        left, top = ((width - wide) // 2, (height - high) // 2) if how.is_centred else (0, 0)
        canvas = np.full((height, width, 3), _GREY, np.uint8)
        canvas[top : top + high, left : left + wide] = cv2.resize(image, (wide, high))
        if how.is_rgb:
            canvas = canvas[..., ::-1]
        pixels = np.ascontiguousarray(canvas.transpose(2, 0, 1), dtype=np.float32) / np.float32(how.divisor)
        return pixels, _Fit(wide / image.shape[1], high / image.shape[0], left, top)

    def _detections(self, seen: Candidates, fit: _Fit, shape: tuple[int, ...]) -> list[Detection]:
        height, width = shape
        chosen = self._without_doubles(seen)
        detections = []
        for number in chosen:
            if not 0 <= seen.classes[number] < len(self._config.classes):
                continue
            label = self._config.classes[seen.classes[number]]
            x1, y1, x2, y2 = (float(value) for value in seen.boxes[number])
            box = Box(
                min(max((x1 - fit.left) / fit.across, 0.0), width),
                min(max((y1 - fit.top) / fit.down, 0.0), height),
                min(max((x2 - fit.left) / fit.across, 0.0), width),
                min(max((y2 - fit.top) / fit.down, 0.0), height),
            )
            if box.area > 0 and (self._config.keep is None or label in self._config.keep):
                detections.append(Detection(box, label, float(seen.scores[number])))
        return detections

    def _without_doubles(self, seen: Candidates) -> list[int]:
        """Numbers of the candidates that stay, surest first."""
        if not len(seen.scores):
            return []
        if not self._preparation.needs_doubles_suppressed:
            return [int(number) for number in np.argsort(-seen.scores, kind="stable")]
        import cv2

        sized = np.concatenate([seen.boxes[:, :2], seen.boxes[:, 2:] - seen.boxes[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxesBatched(
            sized.tolist(),
            seen.scores.tolist(),
            seen.classes.tolist(),
            self._config.min_confidence,
            self._config.max_overlap,
        )
        return sorted((int(number) for number in kept), key=lambda number: (-seen.scores[number], number))

    def _input_shape(self, shape: Sequence[int | str | None]) -> tuple[int | None, tuple[int, int]]:
        """How many pictures at once (None for any), and height and width."""
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise ModelError(
                f"{self._config.path}: the input has the shape {list(shape)}; "
                "a detector takes pictures × 3 × height × width"
            )
        batch, _, height, width = shape
        sides = [side if isinstance(side, int) and side > 0 else _USUAL_SIDE for side in (height, width)]
        return batch if isinstance(batch, int) and batch > 0 else None, (sides[0], sides[1])

    def _check_outputs(self) -> None:
        """Runs the model on grey: symbolic shapes say nothing, and the first camera must not be the one to find out."""
        config = self._config
        blank = np.zeros((self._batch or 1, 3, *self._side), np.float32)
        try:
            shapes = [output.shape for output in self._run(blank)]
        except Exception as error:
            raise ModelError(f"{config.path}: the model does not run on a picture: {error}") from error
        if not fits(config.format, shapes, len(config.classes), self._side):
            given = ", ".join(" × ".join(map(str, shape)) for shape in shapes)
            expected = expected_shape(config.format, len(config.classes), self._side)
            raise ModelError(
                f"{config.path}: the outputs have the shape {given}; format {config.format} with "
                f"{len(config.classes)} classes has {expected}. Set the format and the classes that the model has"
            )


def _opened(config: OnnxConfig) -> Any:
    import onnxruntime

    if not config.path.is_file():
        raise ModelError(f"{config.path}: there is no such file; give the path of an .onnx file")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = config.threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(config.path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{config.path}: onnxruntime cannot read this file as a model: {error}") from error
