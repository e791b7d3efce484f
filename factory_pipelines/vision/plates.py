"""Number plates: from a picture to what may be written on them, best first, with every refusal counted by its reason.

Two small protocols keep the models exchangeable: one finds where text (or a plate) is, the other reads what it found.
The default pair is RapidOCR's (``plates_ocr.py``); fast-alpr's is in ``plates_alpr.py``. The reader knows no country:
whoever knows what plates look like chooses among ``PlateReading.alternatives``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from factory_pipelines.vision.plates_ctc import Guess, LineText
from factory_pipelines.vision.plates_joining import Candidate, Corners, ReadLine, candidates, covering, likeness
from factory_pipelines.vision.types import Box, Image, PlateRead

_LEAST_SIDE_PX = 8  # of a picture in which a letter could be read
_LEAST_TEXT_PX = 6
_MOST_LINES = 8
_PLAIN = -11.0  # below this likeness a text is too short or too long for any plate
_CONVINCING = -0.7  # a candidate of this score needs no other line to be read
_DOUBTFUL = -1.3  # and one below this is worth a second look
_HALF_PLATE = 6  # characters that may be one row of two
_ROW_PITCH = 0.95  # from one row to the next, in heights of the found line
_LEAST_BELIEF = 0.5
_NEAR = 2.5  # heights of a line within which its neighbour may belong to it


@dataclass(frozen=True, slots=True)
class TextRegion:
    """Where a line of text stands: its corners clockwise from the top left, and from 0 to 1 how surely it is text."""

    corners: Corners
    confidence: float


class PlateDetector(Protocol):
    """Finds where to read."""

    def find(self, image: Image, *, enlarge: float = 1.0) -> list[TextRegion]:
        """Lines of text, or whole plates, in the pixels of ``image``; looks at it enlarged where that is asked for."""


class PlateOcr(Protocol):
    """Reads what a detector found."""

    def read_line(self, image: Image, region: TextRegion) -> LineText:
        """What may be written in the region, in capitals and digits."""


@dataclass(frozen=True, slots=True)
class PlateReading(PlateRead):
    """A plate read in one picture, with what else it may say.

    Attributes:
        alternatives: the likeliest texts with their probabilities, ``text`` among them, best first.
        line_count: 1, or 2 for a stacked or divided plate.
    """

    alternatives: tuple[Guess, ...] = ()
    line_count: int = 1


class PlateReader:
    """Reads plates. Not thread-safe: one for each thread.

    Args:
        detector: finds where to read.
        ocr: reads it.
        second_look: where nothing convinces, the picture is looked at once more, enlarged; that more than doubles the
            time, and is not needed where the next frame comes anyway.
    """

    def __init__(self, detector: PlateDetector, ocr: PlateOcr, *, second_look: bool = True) -> None:
        self._detector = detector
        self._ocr = ocr
        self._second_look = second_look
        self.refusals: Counter[str] = Counter()

    def read(self, image: Image, regions: Sequence[Box] | None = None) -> list[PlateReading]:
        """What may be plates in ``image``, best first; boxes are in its pixels.

        Grey pictures and pictures with an alpha channel are taken as they come. A region without a reading counts once
        in ``refusals``: ``too_small`` (nothing could be read in it), ``no_text``, ``unreadable`` (text without a
        letter), ``not_a_plate`` (text, but none that a plate might bear).

        Args:
            image: height × width × 3, blue, green, red.
            regions: where to look, such as the boxes of moving vehicles; the whole picture where None.

        Raises:
            ValueError: when ``image`` is no picture of bytes.
        """
        picture = as_picture(image)
        height, width = picture.shape[:2]
        found: dict[str, tuple[float, PlateReading]] = {}
        for region in [Box(0, 0, width, height)] if regions is None else regions:
            for score, reading in self._read_region(picture, region):
                if reading.text not in found or score > found[reading.text][0]:
                    found[reading.text] = score, reading
        return [reading for _, reading in sorted(found.values(), key=lambda one: -one[0])]

    def _read_region(self, picture: Image, region: Box) -> list[tuple[float, PlateReading]]:
        x1, y1 = max(0, int(region.x1)), max(0, int(region.y1))
        piece = picture[y1 : max(y1, round(region.y2)), x1 : max(x1, round(region.x2))]
        if min(piece.shape[:2]) < _LEAST_SIDE_PX:
            self.refusals["too_small"] += 1
            return []
        found, reason = self._candidates(piece, 1.0)
        if self._second_look and (not found or found[0].score < _DOUBTFUL):
            again, _ = self._candidates(piece, 1.5)
            found = sorted([*found, *again], key=lambda candidate: -candidate.score)
        if not found:
            self.refusals[reason] += 1
        return [(candidate.score, _reading(candidate, x1, y1)) for candidate in found]

    def _candidates(self, piece: Image, enlarge: float) -> tuple[list[Candidate], str]:
        """What may be plates in ``piece``; the reason where there is none."""
        regions = [one for one in self._detector.find(piece, enlarge=enlarge) if _height(one) >= _LEAST_TEXT_PX]
        if not regions:
            return [], "no_text"
        lines = self._lines(piece, sorted(regions, key=_promise, reverse=True)[:_MOST_LINES])
        if not lines:
            return [], "unreadable"
        found = [one for one in candidates(lines) if likeness(one.guesses[0].text) > _PLAIN]
        return found, "not_a_plate"

    def _lines(self, piece: Image, regions: list[TextRegion]) -> list[ReadLine]:
        """The regions read, the most promising first, until one convinces and nothing stands near it unread."""
        lines: list[ReadLine] = []
        unread = list(regions)
        while unread:
            best = candidates(lines)[0] if lines else None
            following = next((one for one in unread if best and _is_near(one, best)), None)
            if best and best.score > _CONVINCING and following is None:
                break
            region = following or unread[0]
            unread = [one for one in unread if one is not region]
            lines += self._read_lines(piece, region)
        return [*lines, *self._missed_row(piece, lines)]

    def _read_lines(self, piece: Image, region: TextRegion) -> list[ReadLine]:
        said = self._ocr.read_line(piece, region)
        return [ReadLine(region.corners, said.guesses, said.char_confidences)] if said.guesses else []

    def _missed_row(self, piece: Image, lines: list[ReadLine]) -> list[ReadLine]:
        """Short text may be half of a stacked plate whose other row was not found: a look below it, and above."""
        best = candidates(lines)[0] if lines else None
        if best is None or len(best.lines) > 1 or len(best.guesses[0].text) > _HALF_PLATE:
            return []
        corners = best.lines[0].corners
        down = (corners[[3, 2, 2, 3]] - corners[[0, 1, 1, 0]]) * _ROW_PITCH
        for shift in (down, -down):
            moved = corners + shift
            inside = moved[:, 1].min() > -_LEAST_TEXT_PX and moved[:, 1].max() < len(piece) + _LEAST_TEXT_PX
            found = self._read_lines(piece, TextRegion(moved, 0.0)) if inside else []
            if found and found[0].guesses[0].probability > _LEAST_BELIEF and len(found[0].guesses[0].text) > 2:
                return found
        return []


def as_picture(image: Image) -> Image:
    """``image`` as blue, green, red; grey ones and ones with alpha are converted.

    Raises:
        ValueError: when it is no picture of bytes.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = getattr(image, "dtype", type(image).__name__)
        raise ValueError(f"image: {kind} is no picture; give bytes (uint8), height × width × 3, blue, green, red")
    if image.size == 0:
        return np.zeros((0, 0, 3), np.uint8)
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    if image.ndim == 3 and image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    if image.ndim == 3 and image.shape[2] == 4:
        return np.ascontiguousarray(image[:, :, :3])
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    raise ValueError(f"image: {image.shape} is no picture; give height × width × 3, blue, green, red")


def _height(region: TextRegion) -> float:
    return float(np.linalg.norm(region.corners[3] - region.corners[0]))


def _promise(region: TextRegion) -> float:
    """Large text first: the plate's letters are larger than what dealers and makers write."""
    return _height(region) * region.confidence


def _is_near(region: TextRegion, candidate: Candidate) -> bool:
    """Whether an unread line may belong to the candidate."""
    if len(candidate.lines) > 1:
        return False
    line = candidate.lines[0]
    box, other = candidate.box, covering([region.corners])
    reach = _NEAR * line.height
    alike = 0.5 < _height(region) / line.height < 2.0
    apart = max(box.x1 - other.x2, other.x1 - box.x2, box.y1 - other.y2, other.y1 - box.y2)
    return alike and apart < 0.5 * reach


def _reading(candidate: Candidate, x1: int, y1: int) -> PlateReading:
    best = candidate.guesses[0]
    box = candidate.box
    said = [sure for line in candidate.lines for sure in line.char_confidences]
    return PlateReading(
        text=best.text,
        confidence=min(1.0, best.probability),
        box=Box(box.x1 + x1, box.y1 + y1, box.x2 + x1, box.y2 + y1),
        char_confidences=tuple(said) if len(said) == len(best.text) else None,
        alternatives=candidate.guesses,
        line_count=len(candidate.lines),
    )
