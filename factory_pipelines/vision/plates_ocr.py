"""Text in pictures: the models that the RapidOCR wheel carries, run by onnxruntime on one thread.

RapidOCR's own pipeline would fetch a model that it misses from the internet, and it decodes into 18,000 characters.
Here the two model files are opened directly, so that nothing can be fetched, and the recogniser chooses among the
letters and digits of plates alone: the network's belief in ``О`` (Cyrillic), ``o`` or full-width ``Ｏ`` counts as
belief in ``O``.

Model: PP-OCR (differentiable binarisation for finding text, CTC for reading it), Apache-2.0.
"""

import unicodedata
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.plates import PlateReader, TextRegion
from factory_pipelines.vision.plates_ctc import PLATE_CHARACTERS, Beliefs, LineText, line_text
from factory_pipelines.vision.plates_joining import Corners
from factory_pipelines.vision.types import Image

_LINE_HEIGHT_PX = 48  # what the recogniser was trained on
_WIDTH_STEP_PX = 16
_MAX_WIDTH_PX = 960
_SIDE_STEP_PX = 32  # the detector halves five times
_INK, _SURE = 0.3, 0.5  # probability of a text pixel; mean over a box that counts
_UNCLIP = 1.6  # the detector is trained on shrunken boxes: see DB, section 3.4
_LEAST_SIDE_PX = 3
_GRAIN_PX, _ROOM_PX = 0.5, 4
_CROP_AREA_PX, _CROP_MIN_WIDTH_PX = 72_000, 256
_WIDER, _HIGHER = 0.0, 0.0


class PlateModelError(RuntimeError):
    """The models for reading plates are not where they should be."""


def wheel_model(kind: str) -> Path:
    """Path of the ``det`` or ``rec`` model in the installed RapidOCR.

    Raises:
        PlateModelError: when the package or the model is missing.
    """
    spec = find_spec("rapidocr")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise PlateModelError(
            "reading plates needs the package rapidocr: install factory-pipelines with its dependencies"
        )
    found = sorted((Path(folders[0]) / "models").glob(f"*_{kind}_*.onnx"))
    if not found:
        raise PlateModelError(
            f"the installed rapidocr carries no {kind} model: install rapidocr 3.4 or later from its wheel"
        )
    return found[-1]


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Pictures come in many sizes: the arena would keep the largest of each forever.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


class RapidTextDetector:
    """Finds lines of text."""

    def __init__(self, *, limit_px: int = 640, limit_area_px: int = 640 * 640) -> None:
        """Opens the model (about 0.1 s).

        Args:
            limit_px: longer sides are scaled down to this.
            limit_area_px: and larger areas to this; time grows with the area, about 30 ms for 100,000 pixels.

        Raises:
            PlateModelError: when the model is missing.
        """
        self._limit_px, self._limit_area_px = limit_px, limit_area_px
        self._session = _session(wheel_model("det"))

    def find(self, image: Image, *, enlarge: float = 1.0) -> list[TextRegion]:
        """The lines of text in ``image``, in no order."""
        import cv2

        height, width = image.shape[:2]
        ratio = min(1.0, self._limit_px / max(height, width), (self._limit_area_px / (height * width)) ** 0.5) * enlarge
        rows, columns = _stepped(height * ratio), _stepped(width * ratio)
        shrinks = columns * rows < width * height
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        batch = cv2.dnn.blobFromImage(small, 1 / 127.5, (columns, rows), (127.5, 127.5, 127.5))
        found = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0][0, 0]
        scale = np.array([width / columns, height / rows], np.float32)
        return [TextRegion(_upright(corners * scale), sure) for corners, sure in _regions(found)]


def _stepped(side_px: float) -> int:
    return max(_SIDE_STEP_PX, round(side_px / _SIDE_STEP_PX) * _SIDE_STEP_PX)


def _regions(ink: npt.NDArray[np.float32]) -> list[tuple[Corners, float]]:
    """Corners and confidence of each blob of text pixels, grown back to the size of the text."""
    import cv2

    mask = cv2.dilate((ink > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    regions = []
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_SIDE_PX:
            continue
        sure = _mean_within(ink, np.asarray(cv2.boxPoints((centre, (width, height), angle)), np.float32))
        if sure < _SURE:
            continue
        grown = 2 * width * height * _UNCLIP / (2 * (width + height))
        corners = cv2.boxPoints((centre, (width + grown, height + grown), angle))
        regions.append((np.asarray(corners, np.float32), sure))
    return regions


def _mean_within(ink: npt.NDArray[np.float32], corners: Corners) -> float:
    import cv2

    rows, columns = ink.shape
    x1, y1 = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    x2, y2 = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    inside = np.zeros((y2 - y1 + 1, x2 - x1 + 1), np.uint8)
    cv2.fillPoly(inside, [(corners - (x1, y1)).astype(np.int32)], 1)
    return float(cv2.mean(ink[y1 : y2 + 1, x1 : x2 + 1], inside)[0])


def _upright(corners: Corners) -> Corners:
    """The corners clockwise from the top left one."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    top_left, bottom_left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    top_right, bottom_right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)


def straightened(image: Image, corners: Corners) -> Image:
    """The piece of ``image`` within ``corners``, laid flat at the height the recogniser reads.

    Half of its colour is taken out and the sensor's grain smoothed: a plate's colour says nothing about its letters,
    and enlarged grain looks like strokes.
    """
    import cv2

    width = max(_apart(corners[0], corners[1]), _apart(corners[3], corners[2]), 1.0)
    height = max(_apart(corners[0], corners[3]), _apart(corners[1], corners[2]), 1.0)
    columns = int(np.clip(np.ceil(_LINE_HEIGHT_PX * width / height), 16, _MAX_WIDTH_PX))
    flat = np.array([[0, 0], [columns, 0], [columns, _LINE_HEIGHT_PX], [0, _LINE_HEIGHT_PX]], np.float32)
    x1, y1 = np.maximum(np.floor(corners.min(axis=0)).astype(int) - _ROOM_PX, 0)
    x2, y2 = np.maximum(np.ceil(corners.max(axis=0)).astype(int) + _ROOM_PX, (x1 + 1, y1 + 1))
    piece = cv2.GaussianBlur(image[y1:y2, x1:x2], (0, 0), _GRAIN_PX)
    grey = cv2.cvtColor(cv2.cvtColor(piece, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    matrix = cv2.getPerspectiveTransform((corners - (x1, y1)).astype(np.float32), flat)
    size = (columns, _LINE_HEIGHT_PX)
    line = cv2.warpPerspective(
        cv2.addWeighted(piece, 0.5, grey, 0.5, 0), matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(line, np.uint8)


def _apart(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    return float(np.linalg.norm(other - one))


class RapidOcr:
    """Reads lines of text, as letters and digits."""

    def __init__(self, *, min_width_px: int = 320) -> None:
        """Opens the model (about 0.1 s).

        Args:
            min_width_px: shorter lines are padded to this: it was trained on 320, and time grows with the width.

        Raises:
            PlateModelError: when the model is missing.
        """
        self._min_width_px = min_width_px
        self._session = _session(wheel_model("rec"))
        known = ["", *self._session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]
        self._columns, places = _columns_of(known)
        self._speaks_for = np.zeros((len(places), len(PLATE_CHARACTERS) + 1), np.float32)
        self._speaks_for[np.arange(len(places)), places] = 1.0

    def read_line(self, image: Image, region: TextRegion) -> LineText:
        """What may be written in ``region``."""
        import cv2

        line = straightened(image, region.corners)
        width = line.shape[1]
        padded = int(np.clip(-(-width // _WIDTH_STEP_PX) * _WIDTH_STEP_PX, self._min_width_px, _MAX_WIDTH_PX))
        batch = np.zeros((1, 3, _LINE_HEIGHT_PX, padded), np.float32)
        batch[:, :, :, :width] = cv2.dnn.blobFromImage(line, 1 / 127.5, mean=(127.5, 127.5, 127.5))
        seen = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0][0]
        return line_text(self._beliefs(seen))

    def _beliefs(self, seen: npt.NDArray[np.float32]) -> Beliefs:
        """Steps × (blank, then the plate's characters): what every look-alike of a character adds to it."""
        known = seen[:, self._columns]
        beliefs = known @ self._speaks_for
        beliefs[:, 0] += 1.0 - known.sum(axis=1)  # hyphens, other scripts: nothing a plate has
        return np.asarray(beliefs, np.float32)


# Letters of other scripts with the same shape, as the model's alphabet has them.
_TWINS = dict(zip("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧØ", "ABEKMHOPCTYXISJABEZHIKMNOPTYXO", strict=True))


def _columns_of(known: Sequence[str]) -> tuple[list[int], list[int]]:
    """Columns of the model that speak for a plate's character (or the blank, 0), and for which."""
    columns, places = [0], [0]
    for column, char in enumerate(known):
        plain = unicodedata.normalize("NFKC", char).upper()
        plain = _TWINS.get(plain, plain)
        if len(plain) == 1 and plain in PLATE_CHARACTERS:
            columns.append(column)
            places.append(PLATE_CHARACTERS.index(plain) + 1)
    return columns, places


def photo_reader() -> PlateReader:
    """A reader for whole photographs, of which there is only one.

    Raises:
        PlateModelError: when the models are missing.
    """
    return PlateReader(RapidTextDetector(), RapidOcr())


def crop_reader() -> PlateReader:
    """A reader for the boxes of moving vehicles, frame by frame: a third of the time of one for whole photographs.

    Raises:
        PlateModelError: when the models are missing.
    """
    return PlateReader(
        RapidTextDetector(limit_area_px=_CROP_AREA_PX), RapidOcr(min_width_px=_CROP_MIN_WIDTH_PX), second_look=False
    )
