"""Draws what stands before a simulated camera: a hall, people, vehicles, their shadows.

Plain figures, but with what makes motion detection hard: legs that part, shirts of all colours, soft shadows that only
darken, noise. Everything is drawn into the picture in place, and only where it changes: a 720p picture with three
people takes a few milliseconds.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

SHIRTS: tuple[Colour, ...] = (
    (60, 60, 200), (200, 90, 50), (70, 160, 60), (40, 40, 45), (225, 225, 225),
    (50, 190, 220), (150, 60, 130), (190, 170, 60), (80, 105, 150), (30, 100, 190),
)  # fmt: skip
TROUSERS: tuple[Colour, ...] = ((50, 45, 40), (95, 70, 45), (60, 65, 70), (30, 30, 30), (40, 55, 90))
SKINS: tuple[Colour, ...] = ((95, 125, 175), (70, 95, 140), (50, 70, 110), (130, 160, 205))
PAINTS: tuple[Colour, ...] = ((210, 210, 210), (60, 50, 45), (40, 40, 170), (150, 80, 40), (40, 110, 60))
PERSON_WIDTH = 0.30
"""Width of a person's box by its height, arms and stride included."""
VEHICLE_ASPECT = 1.25
"""Width of a vehicle seen from the front by its height."""

_SHADOW = 0.68


@dataclass(frozen=True, slots=True)
class Dress:
    """Colours of one person: blue, green, red."""

    shirt: Colour
    trousers: Colour
    skin: Colour


@lru_cache(maxsize=8)
def hall(width: int, height: int, seed: int, wall_share: float) -> Image:
    """An empty hall: a floor with joints, a wall with shelves, a grain that is the things' own and not the camera's."""
    import cv2

    rng = np.random.default_rng(seed)
    rows = np.linspace(0.82, 1.1, height, dtype=np.float32)[:, None, None]
    floor = np.array([128, 138, 142], np.float32) * rows * np.ones((1, width, 1), np.float32)
    coarse = rng.normal(0, 9, (max(2, height // 24), max(2, width // 24), 1)).astype(np.float32)
    floor += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    floor += rng.normal(0, 2.5, (height, width, 1)).astype(np.float32)
    picture: Image = np.clip(floor, 0, 255).astype(np.uint8)
    for joint in np.linspace(0.32, 1.0, 7)[:-1] ** 1.6:
        y = round(height * (wall_share + (1 - wall_share) * joint))
        cv2.line(picture, (0, y), (width, y), (104, 112, 116), max(1, height // 360))
    wall = picture[: round(wall_share * height)]
    wall[:] = (wall * np.array([1.05, 1.0, 0.92])).clip(0, 255).astype(np.uint8)
    shelf_width = max(4, width // 14)
    for number, x in enumerate(range(0, width if wall_share else 0, shelf_width)):
        shade = int(rng.integers(70, 130))
        colour = (shade, shade + int(rng.integers(-20, 20)), shade + int(rng.integers(-20, 30)))
        top = round(height * wall_share * (0.2 + 0.15 * (number % 3)))
        cv2.rectangle(picture, (x + 2, top), (x + shelf_width - 2, round(0.9 * wall_share * height)), colour, -1)
    return picture


def pillar(picture: Image, x: float, width: float, bottom: float) -> None:
    """A pillar that hides what passes behind it; pixels."""
    left, right = round(x - width / 2), round(x + width / 2)
    part = picture[: round(bottom), max(0, left) : max(0, right)]
    if part.size:
        shade = np.linspace(0.75, 1.05, part.shape[1])[None, :, None]
        part[:] = (np.array([112, 118, 120]) * shade).astype(np.uint8)


def person(
    picture: Image, feet: tuple[float, float], height: float, stride: float, dress: Dress, broad: float = 1.0
) -> None:
    """Somebody who walks.

    Args:
        picture: to be drawn into.
        feet: bottom centre, pixels.
        height: pixels.
        stride: phase of the walk in radians; legs and arms swing with it.
        dress: colours.
        broad: width against height; seen steeply from above, people look shorter and no less wide.
    """
    import cv2

    x, y = feet
    swing = math.sin(stride)
    across = height * broad
    half = 0.095 * across
    hip, shoulder, neck = y - 0.47 * height, y - 0.80 * height, y - 0.84 * height
    thick = max(1, round(0.075 * across))
    for side in (-1, 1):
        lift = 0.02 * height * (1 + max(0.0, side * swing))
        foot = (round(x + side * swing * 0.11 * across), round(y - lift))
        cv2.line(picture, (round(x + side * 0.03 * across), round(hip)), foot, dress.trousers, thick, cv2.LINE_4)
    body = [(x - half, shoulder), (x + half, shoulder), (x + 0.8 * half, hip), (x - 0.8 * half, hip)]
    cv2.fillConvexPoly(picture, np.array(body).round().astype(np.int32), dress.shirt)
    arm = max(1, round(0.05 * across))
    for side in (-1, 1):
        hand = (round(x + side * half - side * swing * 0.08 * across), round(y - 0.45 * height))
        cv2.line(picture, (round(x + side * half), round(shoulder + arm / 2)), hand, dress.shirt, arm, cv2.LINE_4)
    cv2.circle(picture, (round(x), round(neck - 0.07 * height)), max(1, round(0.085 * across)), dress.skin, -1)


def shadow(picture: Image, centre: tuple[float, float], axes: tuple[float, float], strength: float = 1.0) -> None:
    """A soft shadow on the floor: it darkens and keeps the colour. Pixels."""
    stamp = _shadow_stamp(max(1, round(axes[0])), max(1, round(axes[1])), round(strength, 1))
    high, wide = stamp.shape[:2]
    left, top = round(centre[0]) - wide // 2, round(centre[1]) - high // 2
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(picture.shape[1], left + wide), min(picture.shape[0], top + high)
    if x1 < x2 and y1 < y2:
        part = picture[y1:y2, x1:x2]
        part[:] = (part * stamp[y1 - top : y2 - top, x1 - left : x2 - left]).astype(np.uint8)


@lru_cache(maxsize=256)
def _shadow_stamp(across: int, down: int, strength: float) -> npt.NDArray[np.float32]:
    y, x = np.mgrid[-down : down + 1, -across : across + 1]
    inside = np.clip(1.6 * (1 - (x / across) ** 2 - (y / down) ** 2), 0, 1)
    return np.asarray(1 - (1 - _SHADOW) * strength * inside, dtype=np.float32)[..., None]


def plate_place(feet: tuple[float, float], height: float) -> tuple[int, int, int, int]:
    """Where a vehicle's plate is (left, top, right, bottom), from its bottom centre and height; pixels."""
    x, y = feet
    half = 0.26 * VEHICLE_ASPECT * height / 2
    return round(x - half), round(y - 0.29 * height), round(x + half), round(y - 0.185 * height)


def vehicle(picture: Image, feet: tuple[float, float], height: float, paint: Colour) -> None:
    """A vehicle from the front, with a white plate without text.

    Args:
        picture: to be drawn into.
        feet: bottom centre, pixels.
        height: pixels.
        paint: colour.
    """
    import cv2

    x, y = feet
    half = VEHICLE_ASPECT * height / 2
    dark = (int(paint[0] * 0.55), int(paint[1] * 0.55), int(paint[2] * 0.55))

    def polygon(colour: Colour, *points: tuple[float, float]) -> None:
        places = [(x + across * half, y - up * height) for across, up in points]
        cv2.fillConvexPoly(picture, np.array(places).round().astype(np.int32), colour)

    for side in (-1, 1):
        polygon((25, 25, 25), (side * 0.92, 0), (side * 0.92, 0.25), (side * 0.68, 0.25), (side * 0.68, 0))
    polygon(dark, (-0.98, 0.1), (0.98, 0.1), (0.98, 0.3), (-0.98, 0.3))
    polygon(paint, (-0.98, 0.25), (0.98, 0.25), (0.92, 0.58), (-0.92, 0.58))
    polygon(dark, (-0.88, 0.56), (0.88, 0.56), (0.62, 1.0), (-0.62, 1.0))
    polygon((120, 105, 90), (-0.80, 0.60), (0.80, 0.60), (0.57, 0.95), (-0.57, 0.95))
    for side in (-1, 1):
        polygon((225, 240, 245), (side * 0.90, 0.38), (side * 0.66, 0.38), (side * 0.66, 0.50), (side * 0.90, 0.50))
    left, top, right, bottom = plate_place(feet, height)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), (230, 230, 230), -1)
