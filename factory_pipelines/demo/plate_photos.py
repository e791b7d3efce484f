"""Pictures of vehicles with Indian plates, as a gate's camera takes them, and what they show.

The plate of ``plate_images.py`` is mounted on the drawn end of a vehicle, seen at an angle, and spoiled: distance,
focus, motion, noise, night with and without lamps, shadows, mud, JPEG. One ``Weather`` belongs to one vehicle; its
frames differ in distance, angle, blur and noise, so that a track of five is five looks at one plate with shared faults.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from factory_pipelines.demo.plate_images import Image, IndianPlate, any_plate, draw_plate

Corners = npt.NDArray[np.float32]
_SIGNS = (
    "TATA",
    "Maruti Suzuki",
    "MAHINDRA",
    "SHARMA MOTORS",
    "HORN OK PLEASE",
    "Ashok Leyland",
    "HYUNDAI",
    "1.2 VTVT",
)


@dataclass(frozen=True, slots=True)
class Weather:
    """How one picture is taken.

    Attributes:
        plate_px: width of the plate in the picture.
        yaw_deg: the camera stands so far to the side.
        pitch_deg: and so far above.
        roll_deg: the plate hangs askew by this.
        blur: standard deviation of the blur, in heights of a letter.
        motion: length of the smear, in heights of a letter; along the road.
        noise: standard deviation of the noise, in grey levels.
        light: brightness of the scene, 1 at noon; below 0.45 it is night.
        glare: brightness that a lamp adds to the plate, from 0 to 1.
        shadow: how dark the edge of a shadow across the plate makes its one side, from 0 to 1.
        mud: share of the plate that is splashed.
        jpeg_quality: of the camera's encoder.
    """

    plate_px: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    blur: float
    motion: float
    noise: float
    light: float
    glare: float
    shadow: float
    mud: float
    jpeg_quality: int


@dataclass(frozen=True, slots=True)
class PlatePhoto:
    """A picture with its truth: the plate, its corners in pixels (top left, then clockwise), and how it was taken."""

    image: Image
    plate: IndianPlate
    corners: Corners
    row_count: int
    weather: Weather


def any_weather(rng: np.random.Generator) -> Weather:
    """As a gate sees it: mostly by day and in focus, a quarter by night, a fifth muddy or in half shadow."""
    night = rng.random() < 0.25
    return Weather(
        plate_px=float(rng.uniform(125, 260)),
        yaw_deg=float(rng.normal(0, 14)),
        pitch_deg=float(rng.normal(8, 8)),
        roll_deg=float(rng.normal(0, 2.5)),
        blur=float(min(0.12, rng.exponential(0.03))),
        motion=float(min(0.3, rng.exponential(0.12))) if rng.random() < 0.35 else 0.0,
        noise=float(rng.uniform(3, 9) if night else rng.uniform(1, 9)),  # the camera amplifies that of the night
        light=float(rng.uniform(0.18, 0.45) if night else rng.uniform(0.6, 1.1)),
        glare=float(rng.uniform(0.1, 0.6)) if night and rng.random() < 0.5 else 0.0,
        shadow=float(rng.uniform(0.2, 0.6)) if not night and rng.random() < 0.2 else 0.0,
        mud=float(rng.uniform(0.01, 0.06)) if rng.random() < 0.2 else 0.0,
        jpeg_quality=int(rng.integers(45, 95)),
    )


def next_weather(weather: Weather, rng: np.random.Generator) -> Weather:
    """The same vehicle a few frames later: nearer, turned a little, and focus, smear and noise as they fall."""
    return replace(
        weather,
        plate_px=weather.plate_px * float(rng.uniform(1.0, 1.12)),
        yaw_deg=weather.yaw_deg + float(rng.normal(0, 2)),
        pitch_deg=weather.pitch_deg + float(rng.normal(0, 1.5)),
        roll_deg=weather.roll_deg + float(rng.normal(0, 0.5)),
        blur=min(0.12, weather.blur * float(rng.uniform(0.6, 1.5))),
        motion=min(0.3, weather.motion * float(rng.uniform(0.5, 1.5))),
        noise=weather.noise * float(rng.uniform(0.8, 1.2)),
        light=weather.light * float(rng.uniform(0.92, 1.08)),
        glare=weather.glare * float(rng.uniform(0.7, 1.3)),
    )


def plate_photos(seed: int, number: int, *, frame_count: int = 1) -> list[PlatePhoto]:
    """The frames of vehicle ``number`` of the series ``seed``; the same again whenever it is asked."""
    rng = np.random.default_rng([seed, number])
    plate = any_plate(rng)
    row_count = 2 if rng.random() < 0.4 else 1
    flat = draw_plate(plate, row_count, rng)
    weather = any_weather(rng)
    flat = _muddied(flat, weather.mud, rng)
    body = _body_colour(rng)
    photos = []
    for _ in range(frame_count):
        image, corners = _mounted(flat, body, weather, np.random.default_rng([seed, number, 1]))
        photos.append(PlatePhoto(_spoiled(image, corners, weather, rng), plate, corners, row_count, weather))
        weather = next_weather(weather, rng)
    return photos


def put_on(image: Image, flat: Image, corners: Corners) -> None:
    """Mounts a flat plate on ``image`` where its corners shall be; what lies outside is cut off."""
    import cv2

    height, width = flat.shape[:2]
    # Warping down by much would leave letters of single pixels: the plate is first brought near its size.
    across = float(np.linalg.norm(corners[1] - corners[0]))
    shrink = min(1.0, 2.0 * across / width)
    small = cv2.resize(flat, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    size = (image.shape[1], image.shape[0])
    laid = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    share = cover[:, :, None].astype(np.float32) / 255
    image[:] = (image * (1 - share) + laid * share).astype(np.uint8)


def _body_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    paints = [
        (235, 235, 235),
        (60, 60, 65),
        (150, 150, 155),
        (40, 35, 150),
        (140, 80, 30),
        (30, 30, 30),
        (60, 190, 230),
    ]
    return paints[rng.integers(len(paints))]


def _muddied(flat: Image, share: float, rng: np.random.Generator) -> Image:
    """Splashes, thicker towards the lower edge; letters show through thin ones."""
    import cv2

    if share <= 0:
        return flat
    height, width = flat.shape[:2]
    splashes = np.zeros((height, width), np.float32)
    while splashes.mean() < share:
        at = (int(rng.integers(width)), int(height * np.sqrt(rng.random())))
        cv2.circle(
            splashes, at, int(rng.exponential(height * 0.035)) + 1, float(rng.uniform(0.3, 0.95)), -1, cv2.LINE_AA
        )
    cover = cv2.GaussianBlur(splashes, (0, 0), 1.5)[:, :, None]
    return np.asarray(flat * (1 - cover) + np.array((60, 85, 105), np.float32) * cover).astype(np.uint8)


def _mounted(flat: Image, body: Sequence[int], weather: Weather, rng: np.random.Generator) -> tuple[Image, Corners]:
    """The vehicle's end around the plate, about as motion would cut it out, and where the plate's corners are."""
    import cv2

    width = int(weather.plate_px * rng.uniform(1.7, 3.0))
    height = int(width * rng.uniform(0.5, 0.85))
    image = np.empty((height, width, 3), np.uint8)
    shade = np.linspace(1.08, 0.8, height, dtype=np.float32)[:, None, None]
    image[:] = np.clip(np.array(body, np.float32) * shade, 0, 255)
    cv2.rectangle(image, (int(width * 0.12), 0), (int(width * 0.88), int(height * 0.25)), (45, 40, 38), -1)
    for x in (0.02, 0.84):
        at, to = (int(width * x), int(height * 0.32)), (int(width * (x + 0.14)), int(height * 0.48))
        cv2.rectangle(image, at, to, (45, 45, 190), -1)
    cv2.rectangle(image, (0, int(height * 0.86)), (width, height), (50, 50, 52), -1)
    sign = _SIGNS[rng.integers(len(_SIGNS))]
    at = (int(width * rng.uniform(0.2, 0.5)), int(height * rng.uniform(0.3, 0.36)))
    if rng.random() < 0.6:
        cv2.putText(image, sign, at, cv2.FONT_HERSHEY_DUPLEX, width / 700, (170, 170, 175), 1, cv2.LINE_AA)
    centre = np.array([width * rng.uniform(0.42, 0.58), height * rng.uniform(0.58, 0.68)], np.float32)
    corners = _corners(flat, weather, centre)
    put_on(image, flat, corners)
    return image, corners


def _corners(flat: Image, weather: Weather, centre: npt.NDArray[np.float32]) -> Corners:
    """Where the plate's corners fall: a pinhole four plate widths away, turned by yaw, pitch and roll."""
    yaw, pitch, roll = np.radians([weather.yaw_deg, weather.pitch_deg, weather.roll_deg])
    half = np.array([1.0, len(flat) / flat.shape[1]]) / 2
    points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    x = points[:, 0] * np.cos(roll) - points[:, 1] * np.sin(roll)
    y = points[:, 0] * np.sin(roll) + points[:, 1] * np.cos(roll)
    deep = x * np.sin(yaw) + y * np.sin(pitch)
    away = 4.0 / (4.0 + deep)
    seen = np.stack([x * np.cos(yaw) * away, y * np.cos(pitch) * away], axis=1)
    return np.asarray(centre + seen * weather.plate_px, np.float32)


def _spoiled(image: Image, corners: Corners, weather: Weather, rng: np.random.Generator) -> Image:
    """Light, lens, sensor and encoder, in this order."""
    import cv2

    picture = image.astype(np.float32) * weather.light
    picture = _lit(picture, corners, weather, rng)
    # A letter is about half of a row high; the plate's height is known from its corners.
    letter_px = 0.5 * float(np.linalg.norm(corners[3] - corners[0]))
    letter_px /= 1.0 if np.linalg.norm(corners[1] - corners[0]) > 3 * np.linalg.norm(corners[3] - corners[0]) else 1.9
    if weather.blur * letter_px > 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), weather.blur * letter_px), np.float32)
    smear = round(weather.motion * letter_px)
    if smear >= 2:
        picture = np.asarray(cv2.blur(picture, (smear, 1)), np.float32)
    picture = picture + rng.normal(0, weather.noise, picture.shape).astype(np.float32)
    if weather.light < 0.45:  # the camera turns up its gain, and noise with it; less where a lamp shines
        picture *= min(2.2, 0.55 / weather.light) / (1 + weather.glare)
    whole = np.clip(picture, 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, weather.jpeg_quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def _lit(
    picture: npt.NDArray[np.float32], corners: Corners, weather: Weather, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Lamps and shadows upon the plate."""
    height, width = picture.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    if weather.glare > 0:
        x, y = corners.mean(axis=0) + rng.normal(0, 0.25, 2) * weather.plate_px
        near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (0.35 * weather.plate_px) ** 2)
        picture = picture + 255 * weather.glare * near[:, :, None]
    if weather.shadow > 0:
        x, y = corners.mean(axis=0)
        tilt = rng.normal(0, 0.6)
        dark = 0.5 + 0.5 * np.tanh(((columns - x) + tilt * (rows - y)) / 6)
        picture = picture * (1 - weather.shadow * dark[:, :, None])
    return np.asarray(picture, np.float32)
