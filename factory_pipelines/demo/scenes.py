"""Rendered camera scenes: people and vehicles before a simulated camera, and the truth about them.

A picture is a pure function of its scene and its second: any picture is drawn alone, always the same, in real time.
What walks through comes as ``Walk``s from a schedule (``traffic.py``): random, or the passages of the simulated day.

Places are in picture heights from the top left corner, so that a scene looks the same at any resolution.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np

from factory_pipelines.demo import drawing
from factory_pipelines.demo.noise import Noise

Direction = Literal["in", "out"]
# Draws a plate of this text, so many pixels wide and high.
PlatePainter = Callable[[str, int, int], drawing.Image]

SLOT_S = 60.0
"""A schedule is asked for walks slot by slot; slots are so long."""
SLOT_REACH_S = 120.0
"""A slot's walks begin after it does, and have ended so long after its beginning."""
_STRIDE_HZ = 0.95
_NOISE_PICTURES = 4


@dataclass(frozen=True, slots=True)
class Step:
    """Where a walk is at one second; between two steps it goes straight and evenly."""

    at_s: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class TrueCrossing:
    """Somebody came from one side of the scene's line to the other."""

    at_s: float
    actor: int
    label: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Walk:
    """One person's or vehicle's way through the picture.

    Attributes:
        actor: number, unique within the scene.
        label: ``person`` or ``vehicle``.
        steps: the way of its bottom centre, in order of time.
        crossing: what it is to the line; None for somebody who turns back.
        build: size against the usual.
        plate: text of a vehicle's plate; None for a blank one.
    """

    actor: int
    label: Literal["person", "vehicle"]
    steps: tuple[Step, ...]
    crossing: TrueCrossing | None
    build: float = 1.0
    plate: str | None = None

    @property
    def begins_s(self) -> float:
        """When it appears."""
        return self.steps[0].at_s

    @property
    def ends_s(self) -> float:
        """When it has gone."""
        return self.steps[-1].at_s

    def place(self, at_s: float) -> tuple[float, float]:
        """Its bottom centre."""
        times = [step.at_s for step in self.steps]
        x = np.interp(at_s, times, [step.x for step in self.steps])
        y = np.interp(at_s, times, [step.y for step in self.steps])
        return float(x), float(y)


Schedule = Callable[[int], Sequence[Walk]]
"""The walks of a slot: slot ``n`` begins at ``n * SLOT_S``."""


@dataclass(frozen=True, slots=True)
class View:
    """How a camera looks at its scene.

    Attributes:
        name: ``across`` sees people pass from side to side; ``along``, above a door, from the front and behind;
            ``gate`` sees vehicles come.
        line: start and end of the line, shares of the picture; ``in`` goes from its left hand to its right.
        height_at: height of a person or vehicle whose feet are at ``y`` is ``height_at[0] + height_at[1] * y``.
        wall: share of the picture's height that a wall takes at its top.
        broad: how wide people look for their height; more than 1 from steeply above.
        pillars: of each, the x of its middle, its width and its bottom.
    """

    name: Literal["across", "along", "gate"]
    line: tuple[tuple[float, float], tuple[float, float]]
    height_at: tuple[float, float]
    wall: float = 0.3
    broad: float = 1.0
    pillars: tuple[tuple[float, float, float], ...] = ()

    def size_at(self, y: float) -> float:
        """Height of somebody of usual build whose feet are at ``y``."""
        return self.height_at[0] + self.height_at[1] * y


# Upwards on the screen, so that the right hand is the right side.
ACROSS = View("across", ((0.5, 1.0), (0.5, 0.4)), (0.0, 0.45))
ALONG = View("along", ((0.02, 0.6), (0.98, 0.6)), (0.22, 0.06), wall=0.0, broad=1.5)
GATE = View("gate", ((0.02, 0.7), (0.98, 0.7)), (0.05, 0.75))


@dataclass(frozen=True, slots=True)
class Weather:
    """What the light and the camera do to the picture.

    Attributes:
        noise: standard deviation of the camera's noise, in steps of 256.
        flicker: share by which lamps that beat with the camera brighten and darken the picture.
        flicker_hz: how often.
        lamps: every ``lamp_every_s`` seconds one more or one less of them, which changes the light by this share.
        lamp_every_s: see above.
        shadows: strength of the shadows on the floor; 0 for none.
    """

    noise: float = 2.5
    flicker: float = 0.0
    flicker_hz: float = 0.7
    lamps: float = 0.0
    lamp_every_s: float = 300.0
    shadows: float = 1.0

    def light(self, at_s: float) -> float:
        """What the picture's brightness is multiplied with."""
        lamp = 1.0 - self.lamps * (math.floor(at_s / self.lamp_every_s) % 2)
        return lamp * (1.0 + self.flicker * math.sin(2 * math.pi * self.flicker_hz * at_s))


@dataclass(frozen=True, slots=True)
class Sight:
    """The truth about one actor in one picture; boxes in pixels (left, top, right, bottom), cut by no edge."""

    actor: int
    label: str
    box: tuple[float, float, float, float]
    plate: str | None
    plate_box: tuple[float, float, float, float] | None


@dataclass
class Scene:
    """One simulated camera.

    Attributes:
        view: how it looks at things.
        schedule: who passes.
        size: width and height in pixels.
        seed: of the hall, the noise and the colours.
        weather: light and noise.
        paint_plate: draws plates that can be read; without it they are blank.
    """

    view: View
    schedule: Schedule
    size: tuple[int, int] = (1280, 720)
    seed: int = 1
    weather: Weather = field(default_factory=Weather)
    paint_plate: PlatePainter | None = None

    def __post_init__(self) -> None:
        width, height = self.size
        self._noise = Noise(self.seed)
        self._walks = lru_cache(maxsize=8)(lambda slot: tuple(self.schedule(slot)))
        self._grain = _grain(width, height, self.weather.noise, self.seed) if self.weather.noise else ()
        painter = self.paint_plate
        self._plate = lru_cache(maxsize=64)(painter) if painter else None

    def picture(self, at_s: float) -> drawing.Image:
        """What the camera sees at a second."""
        import cv2

        width, height = self.size
        picture = drawing.hall(width, height, self.seed, self.view.wall).copy()
        present = sorted(self._present(at_s), key=lambda one: one[2])
        if self.weather.shadows:
            for walk, x, y in present:
                self._shadow(picture, walk, x, y)
        pillars = sorted(self.view.pillars, key=lambda pillar: pillar[2])
        for walk, x, y in present:
            while pillars and pillars[0][2] < y:
                self._pillar(picture, pillars.pop(0))
            self._actor(picture, walk, x, y, at_s)
        for pillar in pillars:
            self._pillar(picture, pillar)
        light = self.weather.light(at_s)
        if light != 1.0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=light), dtype=np.uint8)
        return self._with_grain(picture, at_s)

    def sights(self, at_s: float) -> list[Sight]:
        """Who is at least partly in the picture, and where."""
        width, height = self.size
        found = []
        for walk, x, y in self._present(at_s):
            tall, wide = self._extent(walk, y)
            box = ((x - wide / 2) * height, (y - tall) * height, (x + wide / 2) * height, y * height)
            if box[0] < width and box[2] > 0 and box[1] < height and box[3] > 0:
                plate_box = None
                if walk.label == "vehicle":
                    plate_box = drawing.plate_place((x * height, y * height), tall * height)
                found.append(Sight(walk.actor, walk.label, box, walk.plate, plate_box))
        return found

    def crossings(self, since_s: float, until_s: float) -> list[TrueCrossing]:
        """Who crossed the line in ``[since_s, until_s)``, in order of time."""
        slots = range(math.floor((since_s - SLOT_REACH_S) / SLOT_S), math.floor(until_s / SLOT_S) + 1)
        found = [walk.crossing for slot in slots for walk in self._walks(slot) if walk.crossing is not None]
        return sorted(
            (crossing for crossing in found if since_s <= crossing.at_s < until_s),
            key=lambda crossing: (crossing.at_s, crossing.actor),
        )

    def _present(self, at_s: float) -> list[tuple[Walk, float, float]]:
        slots = range(math.floor((at_s - SLOT_REACH_S) / SLOT_S), math.floor(at_s / SLOT_S) + 1)
        walks = (walk for slot in slots for walk in self._walks(slot))
        return [(walk, *walk.place(at_s)) for walk in walks if walk.begins_s <= at_s <= walk.ends_s]

    def _extent(self, walk: Walk, y: float) -> tuple[float, float]:
        tall = self.view.size_at(y) * walk.build
        return tall, tall * (
            drawing.PERSON_WIDTH * self.view.broad if walk.label == "person" else drawing.VEHICLE_ASPECT
        )

    def _shadow(self, picture: drawing.Image, walk: Walk, x: float, y: float) -> None:
        height = self.size[1]
        tall, wide = self._extent(walk, y)
        centre = ((x + 0.35 * wide) * height, (y - 0.01 * tall) * height)
        drawing.shadow(picture, centre, (0.75 * wide * height, 0.06 * tall * height), self.weather.shadows)

    def _pillar(self, picture: drawing.Image, pillar: tuple[float, float, float]) -> None:
        x, width, bottom = (value * self.size[1] for value in pillar)
        drawing.pillar(picture, x, width, bottom)

    def _actor(self, picture: drawing.Image, walk: Walk, x: float, y: float, at_s: float) -> None:
        height = self.size[1]
        feet, tall = (x * height, y * height), self._extent(walk, y)[0] * height
        if walk.label == "person":
            still = walk.place(at_s + 0.1) == (x, y)
            stride = 0.0 if still else 2 * math.pi * _STRIDE_HZ * (at_s - walk.begins_s)
            drawing.person(picture, feet, tall, stride, self._dress(walk.actor), self.view.broad)
            return
        paint = drawing.PAINTS[self._choice("paint", len(drawing.PAINTS), walk.actor)]
        drawing.vehicle(picture, feet, tall, paint)
        left, top, right, bottom = drawing.plate_place(feet, tall)
        if self._plate is not None and walk.plate is not None and right - left >= 8:
            part = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
            plate = self._plate(walk.plate, right - left, bottom - top)
            part[:] = plate[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]

    def _dress(self, actor: int) -> drawing.Dress:
        shirt, trousers, skin = (
            palette[self._choice(name, len(palette), actor)]
            for name, palette in (("shirt", drawing.SHIRTS), ("trousers", drawing.TROUSERS), ("skin", drawing.SKINS))
        )
        return drawing.Dress(shirt, trousers, skin)

    def _choice(self, stream: str, count: int, *keys: int) -> int:
        return int(self._noise.integers(stream, 0, count - 1, *keys))

    def _with_grain(self, picture: drawing.Image, at_s: float) -> drawing.Image:
        """The camera's noise: a few pictures of it, shifted differently for every picture."""
        import cv2

        if not self._grain:
            return picture
        width, height = self.size
        number = round(at_s * 1000)
        lighter, darker = self._grain[self._choice("grain", len(self._grain), number)]
        x, y = self._choice("grain/x", 64, number), self._choice("grain/y", 64, number)
        picture = np.asarray(cv2.add(picture, lighter[y : y + height, x : x + width]), dtype=np.uint8)
        return np.asarray(cv2.subtract(picture, darker[y : y + height, x : x + width]), dtype=np.uint8)


@lru_cache(maxsize=8)
def _grain(width: int, height: int, sd: float, seed: int) -> tuple[tuple[drawing.Image, drawing.Image], ...]:
    """Pairs of what noise adds and takes away."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(_NOISE_PICTURES):
        grain = rng.normal(0, sd, (height + 64, width + 64, 3)).astype(np.float32).round()
        pairs.append((grain.clip(0, 255).astype(np.uint8), (-grain).clip(0, 255).astype(np.uint8)))
    return tuple(pairs)
