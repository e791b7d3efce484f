"""Indian number plates, drawn: every published format, on one line or two, in the colours of its kind.

A plate is drawn flat, two pixels a millimetre, with what stands on a real one: the hologram and ``IND``, rivets, an
embossed rim, the arrow of the armed forces. ``plate_photos.py`` takes its picture. The typefaces come with Pillow
(Aileron), matplotlib (DejaVu) and OpenCV (Hershey, whose even strokes are near to the letters that Rule 50 of the
Central Motor Vehicles Rules draws).

The same seed draws the same plate.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from factory_pipelines.gate.grammar import INDIAN_STATES

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

Format = Literal[
    "standard", "delhi", "seriesless", "bharat", "temporary", "vintage", "military", "diplomatic"
]  # the names of the gate's grammar

_SERIES = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # I and O are not issued
_DIGITS = "0123456789"
_PX_A_MM = 2
_STACKED_ASPECT = 2.8
_WHITE, _BLACK, _YELLOW, _GREEN, _BLUE, _RED = (
    (238, 240, 240), (24, 22, 22), (30, 195, 240), (70, 125, 15), (190, 120, 60), (40, 30, 190),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndianPlate:
    """A number as it is painted.

    Attributes:
        text: capitals and digits alone: what must be read.
        groups: the same with its gaps, such as ``("KA", "01", "AB", "1234")``.
        format: its name in the gate's grammar.
        ground: colour of the plate.
        ink: colour of the letters.
    """

    text: str
    groups: tuple[str, ...]
    format: Format
    ground: Colour
    ink: Colour


def any_plate(rng: np.random.Generator, kind: Format | None = None) -> IndianPlate:
    """A plate as it might come to a gate; ``kind`` where it must be of one format."""
    chosen = kind or rng.choice(list(_SHARES), p=list(_SHARES.values()))
    groups = _GROUPS[chosen](rng)
    ground, ink = _colours(chosen, rng)
    return IndianPlate("".join(groups), groups, chosen, ground, ink)


def _letters(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list(_SERIES), count))


def _number(rng: np.random.Generator, below: int = 10_000, width: int = 4) -> str:
    return f"{rng.integers(1, below):0{width}d}"


def _state(rng: np.random.Generator) -> str:
    return str(rng.choice([state for state in INDIAN_STATES if state != "DL"]))


def _standard(rng: np.random.Generator) -> tuple[str, ...]:
    series = _letters(rng, int(rng.choice([1, 2, 3], p=[0.15, 0.75, 0.1])))
    return _state(rng), _number(rng, 60, 2), series, _number(rng)


def _military(rng: np.random.Generator) -> tuple[str, ...]:
    return _number(rng, 26, 2), _letters(rng, 1), _number(rng, 1_000_000, 6), _letters(rng, 1)


_GROUPS: dict[Format, Callable[[np.random.Generator], tuple[str, ...]]] = {
    "standard": _standard,
    "delhi": lambda rng: ("DL", _number(rng, 10, 1), f"C{_letters(rng, 2)}", _number(rng)),
    "seriesless": lambda rng: (_state(rng), _number(rng, 60, 2), _number(rng)),
    "bharat": lambda rng: (f"{rng.integers(21, 27)}", "BH", _number(rng), _letters(rng, int(rng.integers(1, 3)))),
    "temporary": lambda rng: (
        f"T{rng.integers(1, 13):02d}{rng.integers(22, 27)}",
        _state(rng),
        _number(rng) + _letters(rng, int(rng.integers(1, 3))),
    ),
    "vintage": lambda rng: (_state(rng), "VA", _letters(rng, 2), _number(rng)),
    "military": _military,
    "diplomatic": lambda rng: (_number(rng, 160, 1), str(rng.choice(["CD", "CC", "UN"])), _number(rng, 400, 2)),
}
# How often each comes: the rare ones oftener than on a road, so that a thousand plates say something about them.
_SHARES: dict[Format, float] = {
    "standard": 0.70, "delhi": 0.08, "seriesless": 0.03, "bharat": 0.08,
    "temporary": 0.04, "vintage": 0.03, "military": 0.02, "diplomatic": 0.02,
}  # fmt: skip


def _colours(kind: Format, rng: np.random.Generator) -> tuple[Colour, Colour]:
    fixed: dict[str, tuple[Colour, Colour]] = {
        "temporary": (_YELLOW, _RED),
        "military": (_BLACK, _WHITE),
        "diplomatic": (_BLUE, _WHITE),
        "vintage": (_WHITE, _BLACK),
        "bharat": (_WHITE, _BLACK),
    }
    if kind in fixed:
        return fixed[kind]
    # Private, commercial, electric private, electric commercial, rental.
    roads = [(_WHITE, _BLACK), (_YELLOW, _BLACK), (_GREEN, _WHITE), (_GREEN, _YELLOW), (_BLACK, _YELLOW)]
    return roads[rng.choice(len(roads), p=[0.62, 0.24, 0.06, 0.04, 0.04])]


def rows_of(plate: IndianPlate, row_count: int) -> tuple[str, ...]:
    """The groups on so many rows, as they are painted: the number alone below, or the series beside it."""
    if row_count == 1:
        return (" ".join(plate.groups),)
    cut = len(plate.groups) - 1 if len("".join(plate.groups[:-1])) <= 6 else 2
    cut = max(1, min(cut, len(plate.groups) - 1))
    return " ".join(plate.groups[:cut]), " ".join(plate.groups[cut:])


def draw_plate(plate: IndianPlate, row_count: int, rng: np.random.Generator) -> Image:
    """The flat plate, two pixels a millimetre: 500 × 120 mm on one row, 340 × 200 or 200 × 100 mm on two.

    Raises:
        ValueError: when ``row_count`` is neither 1 nor 2.
    """
    if row_count not in (1, 2):
        raise ValueError(f"a plate has 1 or 2 rows, not {row_count}")
    sizes = [(500, 120)] if row_count == 1 else [(340, 200), (200, 100), (285, 170)]
    width, height = (side * _PX_A_MM for side in sizes[rng.integers(len(sizes))])
    image = np.empty((height, width, 3), np.uint8)
    image[:] = plate.ground
    has_mark = plate.format in ("standard", "delhi", "bharat", "seriesless") and rng.random() < 0.6
    left = int(width * (0.075 if row_count == 1 else 0.09)) if has_mark else int(width * 0.03)
    if has_mark:
        _draw_mark(image, left)
    _draw_rows(image, rows_of(plate, row_count), left, plate, rng)
    _draw_rim(image, plate, rng)
    return image


def paint_plate(text: str, width_px: int, height_px: int) -> Image:
    """A plate of this text at this size, always the same; on two rows where the size is that of a stacked plate."""
    import cv2

    groups = tuple(re.findall("[A-Z]+|[0-9]+", text)) or (text,)
    row_count = 2 if width_px < _STACKED_ASPECT * height_px and len(groups) > 1 else 1
    plate = IndianPlate(text, groups, "standard", _WHITE, _BLACK)
    flat = draw_plate(plate, row_count, np.random.default_rng(zlib.crc32(text.encode())))
    return np.asarray(cv2.resize(flat, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)


def _draw_mark(image: Image, left: int) -> None:
    """The hologram and IND below it."""
    import cv2

    height = len(image)
    side = int(left * 0.62)
    x, y = int(left * 0.3), int(height * 0.16)
    image[y : y + side, x : x + side] = (196, 186, 176)
    cv2.circle(image, (x + side // 2, y + side // 2), side // 3, (150, 140, 128), 2, cv2.LINE_AA)
    at = (x - 2, y + int(side * 1.7))
    cv2.putText(image, "IND", at, cv2.FONT_HERSHEY_SIMPLEX, side / 58, (160, 80, 20), 2, cv2.LINE_AA)


def _draw_rows(image: Image, rows: Sequence[str], left: int, plate: IndianPlate, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    strip = height // len(rows)
    tall = int(strip * rng.uniform(0.56, 0.68))
    face = _FACES[rng.integers(len(_FACES))]
    squeeze = rng.uniform(0.9, 1.0)
    for number, row in enumerate(rows):
        arrow = plate.format == "military" and number == 0
        ink = _row_of_ink(f"^{row}" if arrow else row, face, tall)
        room = int((width - left - 0.04 * width) * squeeze)
        natural = ink.shape[1]
        columns = min(room, int(natural * rng.uniform(0.85, 1.05)))
        ink = _resized(ink, columns, tall)
        x = left + (width - left - columns) // 2
        y = number * strip + (strip - tall) // 2 + (len(rows) - 1) * (4 if number == 0 else -4)
        _paint(image, ink, x, y, plate.ink)


def _draw_rim(image: Image, plate: IndianPlate, rng: np.random.Generator) -> None:
    import cv2

    height, width = image.shape[:2]
    if rng.random() < 0.75:
        cv2.rectangle(image, (6, 6), (width - 7, height - 7), plate.ink, int(rng.integers(2, 6)), cv2.LINE_AA)
    if rng.random() < 0.5:  # rivets, within the rim and sometimes upon a letter's foot
        for x in (0.22, 0.78):
            at = (int(width * x), int(height * (0.09 if rng.random() < 0.5 else 0.91)))
            cv2.circle(image, at, max(4, height // 36), (120, 120, 125), -1, cv2.LINE_AA)


def _paint(image: Image, ink: npt.NDArray[np.float32], x: int, y: int, colour: Colour) -> None:
    rows, columns = ink.shape
    there = image[y : y + rows, x : x + columns]
    share = ink[: len(there), : there.shape[1], None]
    there[:] = (there * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)


def _resized(ink: npt.NDArray[np.float32], columns: int, rows: int) -> npt.NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.resize(ink, (max(1, columns), max(1, rows)), interpolation=cv2.INTER_AREA), np.float32)


def _row_of_ink(row: str, face: str, tall: int) -> npt.NDArray[np.float32]:
    """Coverage from 0 to 1 of each pixel; as high as the capitals."""
    arrow = row.startswith("^")
    text = row.lstrip("^")
    ink = _hershey(text, tall) if face.startswith("hershey") else _typeset(text, face, tall)
    if arrow:
        ink = np.hstack([_arrow(len(ink)), ink])
    return ink


def _arrow(tall: int) -> npt.NDArray[np.float32]:
    """The upward arrow in front of the armed forces' numbers."""
    import cv2

    canvas = np.zeros((tall, int(tall * 0.7)), np.uint8)
    middle = int(tall * 0.3)
    cv2.arrowedLine(canvas, (middle, tall - 2), (middle, 4), 255, max(2, tall // 9), cv2.LINE_AA, tipLength=0.35)
    return np.asarray(canvas / 255, np.float32)


def _hershey(text: str, tall: int) -> npt.NDArray[np.float32]:
    import cv2

    face = cv2.FONT_HERSHEY_SIMPLEX
    (_, natural), _ = cv2.getTextSize("H", face, 1.0, 1)
    scale, thick = tall / natural * 0.86, max(2, round(tall * 0.14))
    (columns, rows), base = cv2.getTextSize(text, face, scale, thick)
    canvas = np.zeros((rows + base + 2 * thick, columns + 2 * thick), np.uint8)
    cv2.putText(canvas, text, (thick, rows + thick), face, scale, 255, thick, cv2.LINE_AA)
    return _trimmed(canvas)


def _typeset(text: str, face: str, tall: int) -> npt.NDArray[np.float32]:
    from PIL import Image as Pictures
    from PIL import ImageDraw

    font, bold = _font(face, int(tall * 1.38))
    # By the rules 10 mm stand between letters of 65 mm; typefaces set them closer.
    gap, space = max(2, round(tall * 0.1)), round(tall * 0.35)
    boxes = [font.getbbox(char, stroke_width=bold) for char in text]
    width = sum(space if char == " " else round(box[2] - box[0]) + gap for char, box in zip(text, boxes, strict=True))
    canvas = Pictures.new("L", (width + 8, int(max(box[3] for box in boxes)) + 8))
    pen = ImageDraw.Draw(canvas)
    at = 4
    for char, box in zip(text, boxes, strict=True):
        if char != " ":
            pen.text((at - box[0], 4), char, fill=255, font=font, stroke_width=bold)
            at += round(box[2] - box[0]) + gap
        else:
            at += space
    return _trimmed(np.asarray(canvas))


def _trimmed(canvas: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    rows = np.flatnonzero(canvas.max(axis=1))
    columns = np.flatnonzero(canvas.max(axis=0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / np.float32(255)


_FACES = ("hershey", "aileron", "DejaVuSans-Bold", "DejaVuSans")


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> tuple[Any, int]:
    """The typeface at ``size`` pixels, and by how many pixels its strokes are thickened."""
    from pathlib import Path

    from PIL import ImageFont

    if face == "aileron":
        return ImageFont.load_default(size), max(1, size // 22)
    import matplotlib as mpl

    font = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf"
    return ImageFont.truetype(str(font), size), 0 if face.endswith("Bold") else max(1, size // 26)
