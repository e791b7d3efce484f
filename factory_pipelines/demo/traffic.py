"""Who walks and drives through a rendered scene, and when: random traffic, or passages that are given.

Every walk is made from its own number, so that any minute is known alone. The moment of a crossing is chosen first and
the walk is laid around it: the truth is known by construction, and never measured.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from factory_pipelines.demo.noise import Noise
from factory_pipelines.demo.scenes import ALONG, GATE, SLOT_S, Direction, Schedule, Step, TrueCrossing, View, Walk

_ASPECT = 16 / 9
# Heights a second at which people walk, and how far a loiterer sways about the line, in their heights: 20 cm.
_SPEED, _SWAY = (0.55, 0.85), 0.12
_BUILD = (0.9, 1.08)
# Seen steeply from above, a step is longer for the height of a body.
_FROM_ABOVE = 1.2
_PER_SLOT = 1000


@dataclass(frozen=True, slots=True)
class Habits:
    """How people walk.

    Attributes:
        loiter_share: of them stop on the line and sway there.
        turn_share: of those who loiter turn back.
        loiter_s: shortest and longest stay on the line.
        lanes: nearest to the left or top and furthest from it that people walk, as shares of the room there is.
    """

    loiter_share: float = 0.0
    turn_share: float = 0.4
    loiter_s: tuple[float, float] = (3.0, 12.0)
    lanes: tuple[float, float] = (0.0, 1.0)


def people(view: View, seed: int, per_minute: float, habits: Habits | None = None) -> Schedule:
    """People who come by chance (Poisson), half of them from each side."""
    noise, habits = Noise(seed), habits or Habits()

    def schedule(slot: int) -> list[Walk]:
        walks = []
        for number in range(_poisson(float(noise.uniform("people", slot)), per_minute * SLOT_S / 60)):
            actor = slot * _PER_SLOT + number
            at_s = (slot + float(noise.uniform("people/at", actor))) * SLOT_S + _lead_s(view)
            direction: Direction = "in" if noise.chance("people/in", 0.5, actor) else "out"
            walks.append(walk(view, noise, actor, at_s, direction, habits))
        return walks

    return schedule


def one_by_one(view: View, seed: int, every_s: float, habits: Habits | None = None) -> Schedule:
    """People who come singly, so that nobody ever hides another: one crossing every ``every_s``."""
    noise, habits = Noise(seed), habits or Habits()

    def schedule(slot: int) -> list[Walk]:
        first, last = math.ceil(slot * SLOT_S / every_s), math.ceil((slot + 1) * SLOT_S / every_s)
        walks = []
        for actor in range(first, last):
            direction: Direction = "in" if noise.chance("single/in", 0.5, actor) else "out"
            walks.append(walk(view, noise, actor, actor * every_s + _lead_s(view), direction, habits))
        return walks

    return schedule


def passages(view: View, seed: int, given: Iterable[tuple[float, Direction]]) -> Schedule:
    """People who cross at given seconds, each in a direction, as the simulated day's passages through a door."""
    noise, by_slot = Noise(seed), defaultdict(list)
    for actor, (at_s, direction) in enumerate(given):
        by_slot[math.floor((at_s - _lead_s(view)) / SLOT_S)].append((actor, at_s, direction))

    def schedule(slot: int) -> list[Walk]:
        return [walk(view, noise, actor, at_s, to, Habits()) for actor, at_s, to in by_slot[slot]]

    return schedule


def vehicles(seed: int, every_s: float, plates: Sequence[str], stop_s: float = 6.0) -> Schedule:
    """Vehicles that come to the gate one after the other, stop before the line and drive in.

    Args:
        seed: of the way they take.
        every_s: one begins so often.
        plates: what they carry, in turn.
        stop_s: how long they wait.
    """
    noise = Noise(seed)

    def schedule(slot: int) -> list[Walk]:
        first, last = math.ceil(slot * SLOT_S / every_s), math.ceil((slot + 1) * SLOT_S / every_s)
        return [
            _drive(noise, actor, actor * every_s, plates[actor % len(plates)], stop_s) for actor in range(first, last)
        ]

    return schedule


def _drive(noise: Noise, actor: int, begins_s: float, plate: str, stop_s: float) -> Walk:
    line = GATE.line[0][1]
    x = _ASPECT * float(noise.between("drive", 0.42, 0.58, actor))
    stops_s = begins_s + 4.0
    goes_s = stops_s + stop_s
    crosses_s = goes_s + 0.8
    steps = (
        Step(begins_s, _ASPECT / 2, 0.30),
        Step(stops_s, x, line - 0.07),
        Step(goes_s, x, line - 0.07),
        Step(crosses_s, x, line),
        Step(crosses_s + 3.0, x, 1.0 + GATE.size_at(1.9)),
    )
    return Walk(actor, "vehicle", steps, TrueCrossing(crosses_s, actor, "vehicle", "in"), plate=plate)


def walk(view: View, noise: Noise, actor: int, at_s: float, direction: Direction, habits: Habits) -> Walk:
    """One person's way, who crosses the line (for the last time) at ``at_s``, or stands there and turns back."""
    pace = float(noise.between("pace", *_SPEED, actor))
    lane = float(noise.between("lane", *habits.lanes, actor))
    sign = 1 if direction == "in" else -1
    start, line, end, fixed = _course(view, lane)
    if sign < 0:
        start, end = end, start
    tall = view.size_at(fixed if view is not ALONG else line)
    speed = pace * tall * (_FROM_ABOVE if view is ALONG else 1.0)
    loiters = bool(noise.chance("loiters", habits.loiter_share, actor))
    turns = loiters and bool(noise.chance("turns", habits.turn_share, actor))
    way = [(at_s - abs(line - start) / speed, start)]
    until_s = at_s
    if loiters:
        stay_s = float(noise.between("stays", *habits.loiter_s, actor))
        way += _swaying(noise, actor, at_s, stay_s, line, _SWAY * tall)
        until_s += stay_s
    else:
        way.append((at_s, line))
    target = start if turns else end
    way.append((until_s + abs(target - line) / speed, target))
    steps = tuple(Step(when, fixed, place) if view.name == "along" else Step(when, place, fixed) for when, place in way)
    crossing = None if turns else TrueCrossing(until_s, actor, "person", direction)
    return Walk(actor, "person", steps, crossing, build=float(noise.between("build", *_BUILD, actor)))


def _course(view: View, lane: float) -> tuple[float, float, float, float]:
    """Start, line and end of the way ``in``, along the way, and the coordinate that stays."""
    if view.name == "along":
        return -0.02, view.line[0][1], 1.0 + view.size_at(1.1), _ASPECT * (0.18 + 0.64 * lane)
    fixed = 0.58 + 0.37 * lane
    outside = 0.2 * view.size_at(fixed)
    return -outside, view.line[0][0] * _ASPECT, _ASPECT + outside, fixed


def _swaying(
    noise: Noise, actor: int, at_s: float, stay_s: float, line: float, sway: float
) -> list[tuple[float, float]]:
    """To and fro over the line; it ends on the line itself."""
    count = max(2, round(stay_s / 0.8))
    places = [
        (at_s + stay_s * n / count, line + float(noise.between("sway", -sway, sway, actor, n))) for n in range(count)
    ]
    return [*places, (at_s + stay_s, line)]


def _lead_s(view: View) -> float:
    """Longest way from the edge to the line: a walk begins no earlier than its slot."""
    start, line, end, fixed = _course(view, 0.0)
    slowest = _SPEED[0] * view.size_at(fixed if view is not ALONG else line) * (_FROM_ABOVE if view is ALONG else 1.0)
    return max(abs(line - start), abs(end - line)) / slowest


def _poisson(uniform: float, mean: float) -> int:
    """The count that a uniform number stands for (inversion of the distribution)."""
    count, chance = 0, math.exp(-mean)
    total = chance
    while uniform > total and count < _PER_SLOT - 1:
        count += 1
        chance *= mean / count
        total += chance
    return count
