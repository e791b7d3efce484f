"""Plates by fast-alpr, for plants with internet: models trained on plates of many countries, fetched when first opened.

``pip install fast-alpr`` brings them; nothing else here needs it. Its detector finds whole plates, its OCR reads one at
a time, both rows together; the ``_`` that pads its texts is left out.
"""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from factory_pipelines.vision.plates import PlateReader, TextRegion
from factory_pipelines.vision.plates_ctc import PLATE_CHARACTERS, Guess, LineText
from factory_pipelines.vision.plates_joining import covering
from factory_pipelines.vision.plates_ocr import PlateModelError
from factory_pipelines.vision.types import Image


class _Found(Protocol):
    """fast-alpr's detection: ``bounding_box`` with ``x1, y1, x2, y2`` in pixels, and ``confidence``."""

    bounding_box: Any
    confidence: float


class _Said(Protocol):
    """fast-alpr's reading: ``text``, and one confidence for the whole or one for each character."""

    text: str
    confidence: float | list[float]


class AlprModel(Protocol):
    """A detector or an OCR of fast-alpr."""

    def predict(self, image: Image) -> Any:
        """Plates in a picture, or the text of a cropped one."""


class AlprDetector:
    """fast-alpr's plate detector behind our protocol."""

    def __init__(self, model: AlprModel) -> None:
        """``model``: such as ``fast_alpr.default_detector.DefaultDetector()``."""
        self._model = model

    def find(self, image: Image, *, enlarge: float = 1.0) -> list[TextRegion]:
        """Whole plates. Its model has a size of its own: ``enlarge`` changes nothing."""
        del enlarge
        plates: Sequence[_Found] = self._model.predict(image)
        return [TextRegion(_corners(plate.bounding_box), float(plate.confidence)) for plate in plates]


class AlprOcr:
    """fast-alpr's OCR behind our protocol."""

    def __init__(self, model: AlprModel) -> None:
        """``model``: such as ``fast_alpr.default_ocr.DefaultOCR("cct-xs-v2-global-model")``."""
        self._model = model

    def read_line(self, image: Image, region: TextRegion) -> LineText:
        """The plate's text; one guess, as sure as its characters together."""
        box = covering([region.corners])
        x1, y1 = max(0, int(box.x1)), max(0, int(box.y1))
        said: _Said | None = self._model.predict(image[y1 : round(box.y2), x1 : round(box.x2)])
        if said is None:
            return LineText((), ())
        text = said.text.upper()
        sure = said.confidence if isinstance(said.confidence, list) else [said.confidence] * len(text)
        # The list is as long as the model's widest plate, what pads it included.
        kept = [(char, float(one)) for char, one in zip(text, sure, strict=False) if char in PLATE_CHARACTERS]
        if not kept:
            return LineText((), ())
        confidences = tuple(one for _, one in kept)
        return LineText((Guess("".join(char for char, _ in kept), math.prod(confidences)),), confidences)


def alpr_reader(ocr_model: str = "cct-xs-v2-global-model") -> PlateReader:
    """A reader with fast-alpr's models; they are fetched from the internet when they are not there yet.

    Raises:
        PlateModelError: when fast-alpr is not installed.
    """
    if find_spec("fast_alpr") is None:
        raise PlateModelError("fast-alpr is not installed: pip install fast-alpr, or leave the reader at rapidocr")
    from fast_alpr.default_detector import DefaultDetector
    from fast_alpr.default_ocr import DefaultOCR

    return PlateReader(AlprDetector(DefaultDetector()), AlprOcr(DefaultOCR(ocr_model)), second_look=False)


def _corners(box: Any) -> Any:
    return np.array([[box.x1, box.y1], [box.x2, box.y1], [box.x2, box.y2], [box.x1, box.y2]], np.float32)
