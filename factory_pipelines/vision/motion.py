"""The default detector: whatever differs from the learnt background moves.

A mixture of Gaussians per pixel (OpenCV's MOG2; Zivkovic, *Improved adaptive Gaussian mixture model for background
subtraction*, 2004) learns what the camera usually sees. It needs no model file and no graphics card, and it tells
people from vehicles by nothing but size and shape. ``docs/vision.md`` says what it cannot do.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from factory_pipelines.vision.blobs import Mask, Shapes, blobs
from factory_pipelines.vision.lighting import Lighting
from factory_pipelines.vision.stature import Statures
from factory_pipelines.vision.types import Box, Detection, Image

LEARNING_RATE = 0.002

_SHADOW_VALUE = 127
# The memory of the light changes so much more slowly than the background, which must be able to follow.
_LIGHT_LAGS = 20
# What is darker than this share of the background is a thing: dark trousers are no shadow.
_DEEPEST_SHADOW = 0.6
_LEAST_PIXELS = 16
# The first pictures teach faster; before so many nothing is said.
_SILENT, _WARM_UP = 3, 10
# More than this share of the picture in motion, for so many pictures, is not motion: a camera was turned, a lamp lit.
_TOO_MUCH, _FOR_PICTURES = 0.6, 25


class MotionDetector:
    """Motion of one camera, picture by picture. Boxes are in pixels of the picture as given.

    Pictures are processed at about ``working_height`` pixels: whole fractions of the picture, averaged, which takes out
    most of the noise. A change of resolution with the same shape of picture keeps what was learnt.

    Args:
        learning_rate: weight of a new picture in the background. What stands still becomes background after 50 to 100
            pictures, unless held (``hold``).
        shadows: leave out what is merely darker than the background.
        sensitivity: squared distance from the background, in its variances, that is motion; smaller sees more.
        shapes: what is too small, and what is what.
        working_height: pixels.

    Raises:
        ValueError: a learning rate that is not between 0 and 1.
    """

    def __init__(
        self,
        *,
        learning_rate: float = LEARNING_RATE,
        shadows: bool = True,
        sensitivity: float = 16.0,
        shapes: Shapes | None = None,
        working_height: int = 180,
    ) -> None:
        if not 0 < learning_rate < 1:
            raise ValueError(f"learning_rate must lie between 0 and 1, not be {learning_rate}; 0.002 is usual")
        self._learning_rate = learning_rate
        self._shadows = shadows
        self._sensitivity = sensitivity
        self._shapes = shapes or Shapes()
        self._working_height = working_height
        self._held: tuple[Box, ...] = ()
        self._restart((0, 0))

    def predict(self, images: Sequence[Image]) -> list[list[Detection]]:
        """What moves in each picture; pictures of one camera, oldest first. One that is too small shows nothing.

        Raises:
            ValueError: a picture that is not height × width × 3 bytes.
        """
        return [self._step(image) for image in images]

    def hold(self, boxes: Sequence[Box]) -> None:
        """Keeps what stands in these boxes (pixels) from becoming background, from the next picture on."""
        self._held = tuple(boxes)

    def _restart(self, shape: tuple[int, int]) -> None:
        import cv2

        self._shape = shape
        self._seen = self._too_much = 0
        self._lighting = Lighting(self._learning_rate / _LIGHT_LAGS)
        self._statures = Statures()
        self._model: Any = cv2.createBackgroundSubtractorMOG2(
            varThreshold=self._sensitivity, detectShadows=self._shadows
        )
        self._model.setShadowValue(_SHADOW_VALUE)
        self._model.setShadowThreshold(_DEEPEST_SHADOW)

    def _step(self, image: Image) -> list[Detection]:
        import cv2

        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"a picture is height × width × 3 bytes, not {image.shape} {image.dtype}")
        height, width = image.shape[:2]
        if min(height, width) < _LEAST_PIXELS:
            return []
        fraction = max(1, round(height / self._working_height))
        shape = (height // fraction, width // fraction)
        if shape != self._shape:
            self._restart(shape)
        small = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA) if fraction > 1 else image
        mask = self._mask(self._lighting.flatten(np.asarray(small, dtype=np.uint8)), height)
        if self._is_nothing_to_go_by(mask):
            return []
        down, across = height / shape[0], width / shape[1]
        return [
            Detection(Box(b.x1 * across, b.y1 * down, b.x2 * across, b.y2 * down), found.label, found.confidence)
            for found in blobs(mask, self._shapes, self._statures)
            for b in (found.box,)
        ]

    def _mask(self, small: Image, height: int) -> Mask:
        """255 where something moves; the model learns the picture, save where something is held."""
        import cv2

        self._seen += 1
        rate = max(self._learning_rate, 1 / (self._seen + 1)) if self._seen <= _WARM_UP else self._learning_rate
        if not self._held:
            mask = self._model.apply(small, learningRate=rate)
        else:
            mask = self._model.apply(small, learningRate=0)
            known = np.zeros(small.shape[:2], np.uint8)
            share = small.shape[0] / height
            for box in self._held:
                x1, y1, x2, y2 = (max(0, round(edge * share)) for edge in (box.x1, box.y1, box.x2, box.y2))
                known[y1:y2, x1:x2] = 255
            # By name: given by place, the mask would be taken for one to be filled.
            self._model.apply(image=small, knownForegroundMask=known, learningRate=rate)
        return np.asarray(cv2.threshold(mask, _SHADOW_VALUE, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)

    def _is_nothing_to_go_by(self, mask: Mask) -> bool:
        """While it begins, and while nearly everything differs; after a while of that the background is learnt anew."""
        if float(np.count_nonzero(mask)) <= _TOO_MUCH * mask.size:
            self._too_much = 0
            return self._seen <= _SILENT
        self._too_much += 1
        if self._too_much > _FOR_PICTURES:
            self._restart(self._shape)
        return True
