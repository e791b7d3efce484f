"""Where the lines stand, who sits in their seats, how good they are, and who is absent."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from factory_pipelines.demo import catalogue
from factory_pipelines.demo.noise import Bools, Floats, Ints, Noise

Texts = npt.NDArray[np.object_]

LINES_AT_SCALE_1 = 8
_LINES_PER_UNIT = 8
_SEATS = 58
_TENURE_DAYS = 420
_TENURE_JITTER_DAYS = 120
_GENERATIONS = 32
_CODES = 900_000
_CODE_STEP = 7_919  # a prime, so coprime to _CODES: no two employees share a code
_CODE_LETTERS = {"8": "B", "9": "M"}


@dataclass(frozen=True)
class Layout:
    """The plant's lines, and its seats numbered through; seat arrays are indexed by that number.

    Attributes:
        unit_codes: per line, as all tuples here.
        late_shift: lines of the units that start two and a half hours later.
        first_seat: number of the line's first seat.
        seat_line: line of every seat.
    """

    unit_codes: tuple[str, ...]
    floor_names: tuple[str, ...]
    line_names: tuple[str, ...]
    late_shift: tuple[bool, ...]
    parts: tuple[tuple[catalogue.Part, ...], ...]
    seats: tuple[int, ...]
    first_seat: tuple[int, ...]
    seat_line: Ints


@dataclass(frozen=True)
class Staff:
    """Who holds each seat on one day; arrays over seats.

    Attributes:
        person: identity, the same while the person stays.
        level: efficiency the person brings along, as a difference from the plant's level (0.05 is five points).
        learning: how much of a changeover's loss hits the person (1 is average).
        absent: not in the plant on that day.
    """

    person: Ints
    emp_code: Texts
    emp_name: Texts
    level: Floats
    learning: Floats
    absent: Bools


def build_layout(noise: Noise, scale: float) -> Layout:
    """Lines of a plant of the given scale (1.0: eight lines, about 500 seats), dealt to units and floors."""
    count = max(1, round(LINES_AT_SCALE_1 * scale))
    units = max(min(2, count), round(count / _LINES_PER_UNIT))
    unit_of = [line % units for line in range(count)]
    # Even units have two floors, odd ones three.
    floor_of = [(line // units) % (2 + unit_of[line] % 2) for line in range(count)]
    seats = _SEATS + noise.integers("line/seats", -4, 4, np.arange(count))
    first = np.concatenate([[0], np.cumsum(seats)[:-1]])
    return Layout(
        unit_codes=tuple(f"U15-{unit + 1}" for unit in unit_of),
        floor_names=tuple(f"FLOOR-{floor + 1}" for floor in floor_of),
        line_names=tuple(f"S{line + 1}-1" for line in range(count)),
        late_shift=tuple(unit % 2 == 1 for unit in unit_of),
        parts=tuple(catalogue.BOTTOMS if line % 4 == 3 else catalogue.TOPS for line in range(count)),
        seats=tuple(int(n) for n in seats),
        first_seat=tuple(int(n) for n in first),
        seat_line=np.repeat(np.arange(count), seats),
    )


def staff_of(noise: Noise, layout: Layout, day: int) -> Staff:
    """The people of the day with ordinal ``day``."""
    holder = holders_of(noise, layout, day)
    person, tenure_days = holder.person, day - holder.learning_since
    skill = 0.052 * noise.normal("person/skill", person)
    # A few never reach the standard, whatever their tenure: the repeat offenders a supervisor knows by name.
    struggles = noise.chance("person/struggles", 0.04, person)
    skill -= np.where(struggles, noise.between("person/lag", 0.10, 0.24, person), 0.0)
    newcomer = -0.16 * np.exp(-tenure_days / 45.0)
    form = 0.020 * noise.normal("person/form", person, day)
    return Staff(
        person=person,
        emp_code=holder.emp_code,
        emp_name=holder.emp_name,
        level=skill + newcomer + form,
        learning=noise.between("person/learning", 0.5, 1.5, person),
        absent=absent_on(noise, person, day),
    )


@dataclass(frozen=True)
class Holder:
    """Who holds each seat on one day, and for how long; arrays over seats.

    Attributes:
        person: identity.
        emp_code: the code RTMS and the terminals know.
        emp_name: as on the badge.
        learning_since: ordinal of the day from which the person has learnt the work; some come having begun elsewhere.
        first_day: ordinal of the first day in the seat.
        last_day: ordinal of the last one.
    """

    person: Ints
    emp_code: Texts
    emp_name: Texts
    learning_since: Ints
    first_day: Ints
    last_day: Ints


def holders_of(noise: Noise, layout: Layout, day: int) -> Holder:
    """The seats' holders on the day with ordinal ``day``."""
    seat = np.arange(len(layout.seat_line))
    generation = _generation(noise, seat, day)
    person = seat * _GENERATIONS + generation % _GENERATIONS
    return Holder(
        person=person,
        emp_code=codes_of(person),
        emp_name=names_of(noise, person),
        learning_since=_arrival(noise, seat, generation),
        first_day=_first_day(noise, seat, generation),
        last_day=_first_day(noise, seat, generation + 1) - 1,
    )


def _generation(noise: Noise, seat: Ints, day: int) -> Ints:
    """Number of the seat's holder."""
    guess = np.full(len(seat), day // _TENURE_DAYS + 1)
    for _ in range(2):
        guess -= _arrival(noise, seat, guess) > day
    return guess


def _first_day(noise: Noise, seat: Ints, generation: Ints) -> Ints:
    """When ``_generation`` first gives this number: it never looks further ahead than the grid's next line."""
    return np.maximum(_arrival(noise, seat, generation), (generation - 1) * _TENURE_DAYS)


def _arrival(noise: Noise, seat: Ints, generation: Ints) -> Ints:
    jitter = noise.integers("seat/arrival", -_TENURE_JITTER_DAYS, _TENURE_JITTER_DAYS, seat, generation)
    # Seats change hands at different times: shift each seat's grid.
    return generation * _TENURE_DAYS + jitter - seat * 97 % _TENURE_DAYS


def absent_on(noise: Noise, person: Ints, day: int) -> Bools:
    """Who of ``person`` does not come on the day with ordinal ``day``."""
    habit = noise.between("person/absence", 0.01, 0.06, person)
    mondays = 0.02 if day % 7 == 1 else 0.0  # ordinal 1 was a Monday
    spell = noise.chance("person/spell", 0.012, person, day // 4)
    return noise.chance("person/absent", habit + mondays, person, day) | spell


def codes_of(person: Ints) -> Texts:
    """Employee codes; no two people under 900,000 share one."""
    digits = (person * _CODE_STEP % _CODES + 100_000).astype(str)
    letters = [_CODE_LETTERS.get(code[0], code[0]) + code[1:] for code in digits.tolist()]
    return np.asarray(letters, dtype=object)


def names_of(noise: Noise, person: Ints) -> Texts:
    """Names of people; two may share one."""
    given = np.asarray(catalogue.GIVEN_NAMES, dtype=object)
    family = np.asarray(catalogue.FAMILY_NAMES, dtype=object)
    return np.asarray(
        given[noise.integers("person/given", 0, len(given) - 1, person)]
        + " "
        + family[noise.integers("person/family", 0, len(family) - 1, person)],
        dtype=object,
    )
