"""Who goes through which door when, on one day's shifts: arrivals, a walk in the yard, lunch outside, departures."""

from dataclasses import dataclass

import numpy as np

from factory_pipelines.demo import site
from factory_pipelines.demo.crews import Due
from factory_pipelines.demo.noise import Bools, Ints, Noise

ARRIVAL, DEPARTURE, BREAK_OUT, BREAK_IN = range(4)

_MINUTE = 60
_EARLIEST_S, _LATEST_STAY_S = 18 * _MINUTE, 9 * _MINUTE


@dataclass(frozen=True)
class Presences:
    """Everybody who came; arrays over them, instants in seconds since 1970.

    Attributes:
        who: row of the person in ``Due``.
        arrived: at the terminal.
        left: likewise.
        lunch_out: left for lunch outside; 0 for who stayed.
        lunch_back: came back from it.
        punches_lunch: whether the terminal is told of it.
    """

    who: Ints
    arrived: Ints
    left: Ints
    lunch_out: Ints
    lunch_back: Ints
    punches_lunch: Bools


@dataclass(frozen=True)
class Legs:
    """Ways through a door, in order of person and time; arrays over ways.

    Attributes:
        who: row of the person in ``Due``.
        kind: ARRIVAL, DEPARTURE, BREAK_OUT or BREAK_IN.
        at_terminal: when the person stands at the terminal, whether or not it is used; seconds since 1970.
        at_door: when the person passes the door, some seconds later.
        door: place in ``site.DOORS``.
        is_told: whether the person means to punch.
    """

    who: Ints
    kind: Ints
    at_terminal: Ints
    at_door: Ints
    door: Ints
    is_told: Bools

    @property
    def is_in(self) -> Bools:
        """Ways into the area."""
        return np.asarray((self.kind == ARRIVAL) | (self.kind == BREAK_IN), dtype=np.bool_)


def presences_of(noise: Noise, due: Due, day: int) -> Presences:
    """When each of the people due on the day with ordinal ``day`` came and went."""
    who = np.flatnonzero(~due.absent)
    key, start = due.key[who], due.start[who]
    arrived = np.where(due.kind[who] == "visitor", start, _arrivals(noise, key, start, day))
    left = np.maximum(_departures(noise, due, who, day), arrived + 15 * _MINUTE)
    lunch, back = due.lunch_start[who], due.lunch_end[who]
    goes = (
        noise.chance("presence/lunch", 0.22, key, day)
        & (back > lunch)
        & (arrived < lunch - 10 * _MINUTE)
        & (left > back + 20 * _MINUTE)
    )
    out = lunch + noise.integers("presence/lunch_out", 0, 5 * _MINUTE, key, day)
    back = back + noise.integers("presence/lunch_back", -6 * _MINUTE, 3 * _MINUTE, key, day)
    return Presences(
        who=who,
        arrived=arrived,
        left=left,
        lunch_out=np.where(goes, out, 0),
        lunch_back=np.where(goes, back, 0),
        punches_lunch=goes & noise.chance("presence/lunch_told", 0.4, key, day) & (due.shift[who] >= 0),
    )


def _arrivals(noise: Noise, key: Ints, start: Ints, day: int) -> Ints:
    """Most come some minutes early; some within the grace; a few, always more often the same, late."""
    early = -(60 + (_EARLIEST_S - 60) * noise.uniform("presence/early", key, day) ** 1.6)
    habit = noise.between("presence/late_habit", 0.0, 0.09, key)
    draw = noise.uniform("presence/late", key, day)
    slightly = noise.between("presence/slightly", 0, 5 * _MINUTE, key, day)
    lateness = 4 * _MINUTE - 18 * _MINUTE * np.log1p(-noise.uniform("presence/lateness", key, day))
    offset = np.select(
        [draw < habit, draw < habit + 0.04], [np.minimum(lateness, 120 * _MINUTE), slightly], default=early
    )
    return np.asarray(start + offset.astype(np.int64), dtype=np.int64)


def _departures(noise: Noise, due: Due, who: Ints, day: int) -> Ints:
    """At the end or some minutes later; a few earlier; overtime for who is asked."""
    key = due.key[who]
    lingers = (20 + _LATEST_STAY_S * noise.uniform("presence/linger", key, day) ** 1.5).astype(np.int64)
    early = noise.chance("presence/leaves_early", 0.02, key, day) & (due.shift[who] >= 0)
    before = noise.integers("presence/early_by", 8 * _MINUTE, 150 * _MINUTE, key, day)
    stays = np.where(early, -before, due.overtime_s[who] + lingers)
    return np.asarray(due.end[who] + stays, dtype=np.int64)


def legs_of(noise: Noise, due: Due, present: Presences, day: int) -> Legs:
    """The ways of everybody who came."""
    who = present.who
    n = len(who)
    lunch = np.flatnonzero(present.lunch_out > 0)
    walk_out, walk_back = _walks(noise, due, present, day)
    walk = np.flatnonzero(walk_out > 0)
    rows = np.concatenate([np.arange(n), np.arange(n), lunch, lunch, walk, walk])
    sizes = [n, n, len(lunch), len(lunch), len(walk), len(walk)]
    kind = np.repeat([ARRIVAL, DEPARTURE, BREAK_OUT, BREAK_IN, BREAK_OUT, BREAK_IN], sizes)
    at = np.concatenate(
        [
            present.arrived,
            present.left,
            present.lunch_out[lunch],
            present.lunch_back[lunch],
            walk_out[walk],
            walk_back[walk],
        ]
    )
    rostered = due.shift[who] >= 0
    nobody = np.zeros(len(walk), dtype=bool)
    told = np.concatenate([rostered, rostered, *[present.punches_lunch[lunch]] * 2, nobody, nobody])
    order = np.lexsort((at, rows))
    rows, kind, at, told = rows[order], kind[order], at[order], told[order]
    key = due.key[who[rows]]
    lag = noise.integers("leg/lag", 3, 20, key, at)
    door = _doors(noise, due.area[who[rows]], key, at)
    return Legs(who=who[rows], kind=kind, at_terminal=at, at_door=at + lag, door=door, is_told=told)


def _walks(noise: Noise, due: Due, present: Presences, day: int) -> tuple[Ints, Ints]:
    """Some minutes in the yard, before lunch, which no terminal hears of; 0 for who stays in."""
    key, lunch = due.key[present.who], due.lunch_start[present.who]
    room = lunch - 30 * _MINUTE - (present.arrived + 20 * _MINUTE)
    goes = noise.chance("presence/walk", 0.3, key, day) & (room > 0) & (present.left > lunch)
    out = present.arrived + 20 * _MINUTE + (room * noise.uniform("presence/walk_at", key, day)).astype(np.int64)
    back = out + noise.integers("presence/walk_for", 3 * _MINUTE, 14 * _MINUTE, key, day)
    return np.where(goes, out, 0), np.where(goes, back, 0)


def _doors(noise: Noise, area: Ints, key: Ints, at: Ints) -> Ints:
    """People have a door they prefer, and take another one now and then."""
    first = np.asarray([min(n for n, d in enumerate(site.DOORS) if d.area == a) for a in range(len(site.AREAS))])
    main_share = np.asarray([door.share for door in site.DOORS])[first]
    habit, mood = noise.uniform("person/door", key), noise.uniform("leg/door", key, at)
    draw = np.where(noise.chance("leg/other_door", 0.1, key, at), mood, habit)
    return np.asarray(first[area] + (draw >= main_share[area]), dtype=np.int64)
