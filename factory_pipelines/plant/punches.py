"""Punches become shifts worked: which shift each punch belongs to, and what it was there.

Nothing depends on the order in which punches are given. Which shift a punch belongs to follows from the roster, the
punches in the same windows; never from how a chain of earlier days was read. So a late punch touches its own days only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from factory_pipelines.plant.shifts import PlannedShift, Span


class Direction(StrEnum):
    """What the terminal says; a terminal that says nothing leaves it open."""

    IN = "in"
    OUT = "out"


class Role(StrEnum):
    """What a punch was in its shift."""

    IN = "in"
    OUT = "out"
    DUPLICATE = "duplicate"  # device echo: the same direction within minutes
    REPEATED_IN = "repeated_in"  # IN while already in: the first stands
    SUPERSEDED_OUT = "superseded_out"  # OUT followed by another OUT: the last stands
    OUT_WITHOUT_IN = "out_without_in"


class Reason(StrEnum):
    """Why a punch belongs to no shift."""

    NO_SHIFT = "no_shift"
    OUTSIDE_EVERY_WINDOW = "outside_every_window"
    UNKNOWN_EMPLOYEE = "unknown_employee"


class Punch(NamedTuple):
    """One event of a terminal. ``key`` identifies it; ``direction`` is None where the terminal does not say."""

    at: datetime
    direction: Direction | None
    key: str


@dataclass(frozen=True, slots=True)
class PunchPolicy:
    """How punches are read.

    Attributes:
        echo: a second punch of the same direction within this is the device's echo.
        handover: around the middle between two shifts: an IN up to this long before it already belongs to the later
            shift, an OUT up to this long after it still to the earlier.
    """

    echo: timedelta = timedelta(minutes=3)
    handover: timedelta = timedelta(minutes=30)


DEFAULT_POLICY = PunchPolicy()


@dataclass(slots=True)
class ShiftPunches:
    """One shift of one person with its punches, in order of time, each with its role.

    Attributes:
        planned: the shift.
        roles: every punch that belongs to it.
        sessions: from–to of each presence, in order, not overlapping.
        open_since: IN of a presence without an end.
    """

    planned: PlannedShift
    roles: list[tuple[Punch, Role]] = field(default_factory=list)
    sessions: list[Span] = field(default_factory=list)
    open_since: datetime | None = None

    @property
    def first_in(self) -> datetime | None:
        """First arrival; None where there was none."""
        return self.sessions[0][0] if self.sessions else self.open_since

    @property
    def last_out(self) -> datetime | None:
        """Last departure; None where there was none, or somebody is still in."""
        return self.sessions[-1][1] if self.sessions and self.open_since is None else None


@dataclass(slots=True)
class Reading:
    """What became of all punches of one person."""

    shifts: list[ShiftPunches]
    exceptions: list[tuple[Punch, Reason]]


def read_punches(
    punches: Iterable[Punch], shifts: Sequence[PlannedShift], policy: PunchPolicy = DEFAULT_POLICY
) -> Reading:
    """Gives each punch of one person to exactly one of the person's shifts, or to the exceptions.

    Args:
        punches: in any order; times carry a zone.
        shifts: the person's shifts, in any order.
        policy: how punches are read.
    """
    ordered = sorted(punches, key=_order)
    plan = sorted(shifts, key=lambda s: (s.start, s.end, s.pattern.shift_id))
    reading = Reading([ShiftPunches(s) for s in plan], [])
    for index, punch in zip(_homes(ordered, plan, policy), ordered, strict=True):
        if index is None:
            near = any(abs(s.start - punch.at) < _NEAR or abs(s.end - punch.at) < _NEAR for s in plan)
            reading.exceptions.append((punch, Reason.OUTSIDE_EVERY_WINDOW if near else Reason.NO_SHIFT))
        else:
            reading.shifts[index].roles.append((punch, Role.DUPLICATE))
    for shift in reading.shifts:
        if shift.roles:
            _settle(shift, [punch for punch, _ in shift.roles], policy.echo)
    return reading


_NEAR = timedelta(hours=24)


def _order(punch: Punch) -> tuple[datetime, str, str]:
    return punch.at, punch.direction or "", punch.key


def is_echo(earlier: datetime, was: Direction, punch: Punch, echo: timedelta) -> bool:
    """Whether ``punch`` repeats the one at ``earlier``: within minutes, and not saying the opposite."""
    return punch.at - earlier <= echo and punch.direction in (None, was)


class _Presence:
    """Who is in, read forward: what alternation means for terminals that give no direction."""

    __slots__ = ("at", "direction")

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.direction = Direction.OUT

    def take(self, punch: Punch, echo: timedelta) -> Direction | None:
        """The direction ``punch`` has here; None for an echo."""
        if self.at is not None and is_echo(self.at, self.direction, punch, echo):
            return None
        opposite = Direction.OUT if self.direction is Direction.IN else Direction.IN
        self.at, self.direction = punch.at, punch.direction or opposite
        return self.direction


def _homes(ordered: Sequence[Punch], plan: Sequence[PlannedShift], policy: PunchPolicy) -> list[int | None]:
    homes: list[int | None] = []
    presence = [_Presence() for _ in plan]
    first = 0
    for punch in ordered:
        while first < len(plan) and plan[first].window_end < punch.at:
            first += 1
        candidates = []
        for index in range(first, len(plan)):
            shift = plan[index]
            if shift.window_start > punch.at and shift.start - punch.at > _NEAR:
                break
            if shift.window_start <= punch.at <= shift.window_end:
                candidates.append(index)
        home = _choose(punch, candidates, plan, presence, policy) if candidates else None
        if home is not None:
            presence[home].take(punch, policy.echo)
        homes.append(home)
    return homes


def _choose(
    punch: Punch,
    candidates: Sequence[int],
    plan: Sequence[PlannedShift],
    presence: Sequence[_Presence],
    policy: PunchPolicy,
) -> int:
    """The one shift of several whose windows hold the punch."""
    if len(candidates) == 1:
        return candidates[0]
    if punch.direction is not Direction.IN:
        # Nobody leaves twice within minutes. Without a direction only the very same second is surely an echo: at a
        # handover, the next punch may be the other shift's.
        echo = policy.echo if punch.direction is Direction.OUT else timedelta()
        for index in reversed(candidates):
            state = presence[index]
            if state.at is not None and is_echo(state.at, state.direction, punch, echo):
                return index
        # Whoever is in, leaves the shift they came for; the latest of them, where a forgotten OUT left an earlier open.
        for index in reversed(candidates):
            state = presence[index]
            within = punch.direction is Direction.OUT or punch.at <= plan[index].end + policy.handover
            if state.at is not None and state.direction is Direction.IN and within:
                return index
    best = candidates[0]
    for index in candidates[1:]:
        if punch.at >= _border(plan[best], plan[index], punch.direction, policy.handover):
            best = index
    return best


def _border(earlier: PlannedShift, later: PlannedShift, direction: Direction | None, handover: timedelta) -> datetime:
    middle = earlier.end + (later.start - earlier.end) / 2
    if direction is Direction.IN:
        return middle - handover
    return middle + handover if direction is Direction.OUT else middle


def _settle(shift: ShiftPunches, punches: Sequence[Punch], echo: timedelta) -> None:
    """Roles and presences of the punches of one shift."""
    roles: list[tuple[Punch, Role]] = []
    presence = _Presence()
    came: datetime | None = None
    last_out: int | None = None  # place of the OUT that a further OUT would supersede
    for punch in punches:
        direction = presence.take(punch, echo)
        if direction is None:
            roles.append((punch, Role.DUPLICATE))
        elif direction is Direction.IN:
            roles.append((punch, Role.IN if came is None else Role.REPEATED_IN))
            came = came or punch.at
            last_out = None
        elif came is not None:
            shift.sessions.append((came, punch.at))
            came, last_out = None, len(roles)
            roles.append((punch, Role.OUT))
        elif last_out is not None:
            roles[last_out] = (roles[last_out][0], Role.SUPERSEDED_OUT)
            shift.sessions[-1] = (shift.sessions[-1][0], punch.at)
            last_out = len(roles)
            roles.append((punch, Role.OUT))
        else:
            roles.append((punch, Role.OUT_WITHOUT_IN))
    shift.roles, shift.open_since = roles, came
