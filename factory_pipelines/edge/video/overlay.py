"""What is drawn over a picture: boxes by class with confidence and track, lines with their counts, zones, the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from factory_pipelines.vision.types import Image, Track

Colour = tuple[int, int, int]  # blue, green, red
Fraction = tuple[float, float]  # of width and height

# The seed's: people green, vehicles blue. A class of somebody's own model gets a colour of its own, always the same.
_COLOURS: Mapping[str, Colour] = {
    "person": (80, 200, 60),
    "vehicle": (235, 130, 30),
    "car": (235, 130, 30),
    "truck": (235, 130, 30),
    "bus": (235, 130, 30),
    "motorcycle": (235, 190, 30),
    "bicycle": (235, 190, 30),
    "forklift": (30, 170, 250),
    "plate": (40, 220, 240),
}
_LINE: Colour = (60, 220, 255)
_ZONE: Colour = (220, 120, 220)
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)
_ALARM: Colour = (60, 60, 235)


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line and what has crossed it; ends as fractions of the picture."""

    name: str
    start: Fraction
    end: Fraction
    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class DrawnZone:
    """A zone and how many are in it; None while unknown."""

    name: str
    points: Sequence[Fraction]
    count: int | None


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is known about the newest picture of a camera."""

    tracks: Sequence[Track] = ()
    lines: Sequence[DrawnLine] = ()
    zones: Sequence[DrawnZone] = ()


def colour_of(label: str) -> Colour:
    """The colour of a class: bright, and the same in every process."""
    if label in _COLOURS:
        return _COLOURS[label]
    blue, green, red = sha256(label.encode()).digest()[:3]
    return 80 + blue % 176, 80 + green % 176, 80 + red % 176


def draw(image: Image, known: Annotations, *, title: str) -> Image:
    """A copy of ``image`` with everything drawn over it; ``title`` (camera and time) stands in the corner."""
    import cv2

    picture: Image = image.copy()
    height, width = picture.shape[:2]
    pen = _Pen(cv2, picture, scale=max(0.4, height / 900))
    for zone in known.zones:
        pen.polygon([(round(x * width), round(y * height)) for x, y in zone.points], _ZONE)
        x, y = zone.points[0]
        pen.label(
            f"{zone.name} {'?' if zone.count is None else zone.count}", round(x * width), round(y * height), _ZONE
        )
    for line in known.lines:
        start = round(line.start[0] * width), round(line.start[1] * height)
        end = round(line.end[0] * width), round(line.end[1] * height)
        pen.line(start, end, _LINE)
        pen.label(f"{line.name} in {line.entries} out {line.exits}", *start, _LINE)
    for track in known.tracks:
        if track.is_confirmed:
            pen.track(track)
    pen.label(title, 4, height - 6, _WHITE)
    return picture


def title_of(camera: str, at: datetime) -> str:
    """Camera and wall clock, to a tenth of a second."""
    return f"{camera}  {at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100_000}"


def no_picture(last: Image | None, *, camera: str, says: str, width: int = 640, height: int = 360) -> Image:
    """What is shown for a dark camera: its last picture, dimmed, and in words that it is not live."""
    import cv2
    import numpy as np

    picture: Image = (
        np.full((height, width, 3), 28, dtype=np.uint8) if last is None else (last // 4 + 12).astype(np.uint8)
    )
    height, width = picture.shape[:2]
    pen = _Pen(cv2, picture, scale=max(0.5, height / 700))
    pen.label(f"{camera}: NO PICTURE", round(width * 0.04), round(height * 0.48), _ALARM)
    pen.label(says, round(width * 0.04), round(height * 0.48) + round(38 * pen.scale) + 4, _WHITE)
    return picture


class _Pen:
    """Draws on one picture, in sizes that fit it."""

    def __init__(self, cv2: Any, picture: Image, scale: float) -> None:
        self._cv2 = cv2
        self._picture = picture
        self.scale = scale
        self._thickness = max(1, round(2 * scale))

    def line(self, start: tuple[int, int], end: tuple[int, int], colour: Colour) -> None:
        self._cv2.line(self._picture, start, end, colour, self._thickness, self._cv2.LINE_AA)

    def polygon(self, points: Sequence[tuple[int, int]], colour: Colour) -> None:
        import numpy as np

        corners = np.array(points, dtype=np.int32)
        self._cv2.polylines(self._picture, [corners], True, colour, self._thickness, self._cv2.LINE_AA)

    def track(self, track: Track) -> None:
        colour = colour_of(track.label)
        box = track.box
        corner = round(box.x1), round(box.y1)
        self._cv2.rectangle(self._picture, corner, (round(box.x2), round(box.y2)), colour, self._thickness)
        self.label(f"{track.label} {track.confidence:.0%} #{track.track_id}", *corner, colour)

    def label(self, text: str, x: int, y: int, colour: Colour) -> None:
        """Text whose lower left corner is near (x, y), on a black ground, wholly inside the picture if it fits."""
        font = self._cv2.FONT_HERSHEY_SIMPLEX
        text = text.encode("ascii", "replace").decode()  # OpenCV's fonts have no other letters
        (width, height), below = self._cv2.getTextSize(text, font, self.scale, self._thickness)
        rows, columns = self._picture.shape[:2]
        x = max(0, min(x, columns - width - 2))
        y = max(height + below, min(y, rows - below))
        self._cv2.rectangle(self._picture, (x, y - height - below), (x + width + 2, y + below), _BLACK, -1)
        self._cv2.putText(self._picture, text, (x + 1, y), font, self.scale, colour, self._thickness, self._cv2.LINE_AA)
