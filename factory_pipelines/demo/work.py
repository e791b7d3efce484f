"""The day's work before anybody miscounts it: who works where, from when to when, how fast, and what slows them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from factory_pipelines.demo.noise import Bools, Floats, Ints, Noise
from factory_pipelines.demo.people import Layout, Staff
from factory_pipelines.demo.shifts import DAY_MINUTES, SESSIONS, Shifts
from factory_pipelines.demo.styles import Style

PLANT_LEVEL = 0.985
_CHANGEOVER_LOSS = 0.17
_CHANGEOVER_MEMORY_DAYS = 4.0
_SETUP_MINUTES = 25
_COVER_LOSS = 0.07
_WEEKDAY = np.asarray([-0.018, 0.004, 0.010, 0.008, 0.000, -0.022, -0.030])  # Monday to Sunday


@dataclass(frozen=True)
class Segment:
    """A line sewing one style during part of a day.

    Attributes:
        line: number of the line.
        style: what it sews.
        start: first minute, of 720.
        end: minute after the last.
        working_days: production days since the style's changeover.
    """

    line: int
    style: Style
    start: int
    end: int
    working_days: int


@dataclass(frozen=True)
class Work:
    """Work rows, one per employee × operation × device; arrays over rows.

    Attributes:
        line: number of the line.
        segment: position of the segment the row belongs to.
        operation: position in the segment's style.
        seat: seat whose holder does the work.
        station: seat whose machine is used.
        machine: 0 for the station's own machine, 1 for its spare.
        sam_min: standard allowed minutes of a piece.
        start: first minute, of 720.
        end: minute after the last.
        speed: share of the standard the person keeps, over the whole row.
        wobble: rows × 12, the deviation of each session.
        slump_start: rows × 2, first minute of the slump (0: sustained, 1: blip).
        slump_end: rows × 2, equal to the start where there is no slump.
        slump_factor: rows × 2, what remains of the pace.
    """

    line: Ints
    segment: Ints
    operation: Ints
    seat: Ints
    station: Ints
    machine: Ints
    sam_min: Floats
    start: Ints
    end: Ints
    speed: Floats
    wobble: Floats
    slump_start: Ints
    slump_end: Ints
    slump_factor: Floats

    def take(self, rows: Ints | Bools) -> "Work":
        """Only these rows."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def line_level(noise: Noise, lines: Ints, day: int) -> Floats:
    """What a line's day adds to everybody's efficiency: weekday, a slow trend, and a mood that lasts some days."""
    wave = 2.0 * np.pi * noise.uniform("line/phase", lines)
    trend = 0.022 * np.sin(2.0 * np.pi * day / 190.0 + wave)
    standing = 0.018 * noise.normal("line/standing", lines)
    mood = noise.autoregressive("line/mood", lines, day, phi=0.72, sd=0.024)
    return np.asarray(standing + trend + mood + _WEEKDAY[(day - 1) % 7], dtype=np.float64)


def plan_work(
    noise: Noise, layout: Layout, staff: Staff, shifts: Shifts, segments: Sequence[Segment], day: int
) -> Work:
    """All work rows of the day with ordinal ``day``."""
    rows = _seats_of(layout, shifts, segments)
    steady = np.bincount(rows["line"])[rows["line"]] == np.asarray(layout.seats)[rows["line"]]  # one style all day
    absent = staff.absent.copy()
    # A line never leaves its last operation empty: somebody is called in, on the holder's code.
    last = by_operation(segments, "is_fin_oper")[flat_operation(segments, rows["segment"], rows["operation"])]
    absent[rows["seat"][last]] = False
    rows = _with_cover(noise, _with_machine_changes(noise, rows, steady, day), absent, day)
    kept = ~absent[rows["seat"]] & (rows["end"] > rows["start"])
    rows = {name: values[kept] for name, values in rows.items()}
    flat = flat_operation(segments, rows["segment"], rows["operation"])
    count = len(flat)
    key = np.arange(count)
    person = staff.person[rows["seat"]]
    age = np.asarray([s.working_days for s in segments])[rows["segment"]]
    speed = (
        PLANT_LEVEL
        + line_level(noise, np.arange(len(layout.line_names)), day)[rows["line"]]
        + staff.level[rows["seat"]]
        + 0.018 * noise.normal("person/knack", person, by_operation(segments, "operation_ids")[flat])
        - _CHANGEOVER_LOSS * np.exp(-age / _CHANGEOVER_MEMORY_DAYS) * staff.learning[rows["seat"]]
        - _COVER_LOSS * (rows["seat"] != rows["station"])
    )
    slump_start, slump_end, slump_factor = _slumps(noise, key, rows["start"], rows["end"], day)
    return Work(
        **rows,
        sam_min=by_operation(segments, "sam_min")[flat],
        speed=np.clip(speed, 0.30, 1.45),
        wobble=np.exp(0.035 * noise.normal("row/wobble", key[:, None], np.arange(SESSIONS)[None, :], day)),
        slump_start=slump_start,
        slump_end=slump_end,
        slump_factor=slump_factor,
    )


def flat_operation(segments: Sequence[Segment], segment: Ints, operation: Ints) -> Ints:
    """Position of each row's operation when the operations of all segments are laid end to end."""
    offset = np.cumsum([0] + [len(s.style.sam_min) for s in segments])[:-1]
    return offset[segment] + operation


def by_operation(segments: Sequence[Segment], attribute: str) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """An attribute of the styles' operations, those of all segments laid end to end."""
    return np.concatenate([np.asarray(getattr(s.style, attribute)) for s in segments])


def _seats_of(layout: Layout, shifts: Shifts, segments: Sequence[Segment]) -> dict[str, Ints]:
    """One row for every seat of every segment, present or not."""
    sizes = [len(s.style.seat_operation) for s in segments]
    lines = np.repeat([s.line for s in segments], sizes)
    seat = np.concatenate([layout.first_seat[s.line] + np.arange(n) for s, n in zip(segments, sizes, strict=True)])
    return {
        "line": lines,
        "segment": np.repeat(np.arange(len(segments)), sizes),
        "operation": np.concatenate([s.style.seat_operation for s in segments]),
        "seat": seat,
        "station": seat.copy(),
        "machine": np.zeros(len(seat), dtype=np.int64),
        "start": np.maximum(np.repeat([s.start for s in segments], sizes), shifts.start[lines]),
        "end": np.minimum(np.repeat([s.end for s in segments], sizes), shifts.end[lines]),
    }


def _with_machine_changes(noise: Noise, rows: dict[str, Ints], allowed: Bools, day: int) -> dict[str, Ints]:
    """Some machines fail: the person goes on at a spare one, in a row of its own."""
    moves = noise.chance("seat/machine", 0.03, rows["seat"], day) & allowed
    at = rows["start"] + noise.integers("seat/machine_at", 90, 420, rows["seat"], day)
    second = {name: values[moves].copy() for name, values in rows.items()}
    second["start"], second["machine"] = at[moves], np.ones(int(moves.sum()), dtype=np.int64)
    first = {**rows, "end": np.where(moves, at, rows["end"])}
    return _join(first, second)


def _with_cover(noise: Noise, rows: dict[str, Ints], absent: Bools, day: int) -> dict[str, Ints]:
    """Half of the empty stations are taken over, some time into the shift, by whoever sits before them."""
    ends = rows["end"]
    following = np.arange(len(ends)) + 1
    following[-1] = len(ends) - 1
    helps = (
        (rows["seat"][following] == rows["seat"] + 1)
        & (rows["segment"][following] == rows["segment"])
        & (ends[following] == ends)
        & absent[rows["seat"][following]]
        & ~absent[rows["seat"]]
        & noise.chance("seat/cover", 0.5, rows["seat"], day)
    )
    span = ends - rows["start"]
    at = rows["start"] + (span * noise.between("seat/cover_at", 0.3, 0.7, rows["seat"], day)).astype(np.int64)
    second = {name: values[helps].copy() for name, values in rows.items()}
    second["start"] = at[helps]
    for name in ("operation", "station", "machine"):
        second[name] = rows[name][following][helps]
    return _join({**rows, "end": np.where(helps, at, ends)}, second)


def _slumps(noise: Noise, key: Ints, start: Ints, end: Ints, day: int) -> tuple[Ints, Ints, Floats]:
    """Per row at most one sustained slump (45 to 150 minutes) and one blip (5 to 25 minutes)."""
    kinds = ((0.055, 45, 150, 0.30, 0.65), (0.08, 5, 25, 0.10, 0.50))
    starts, ends, factors = [], [], []
    for kind, (probability, shortest, longest, low, high) in enumerate(kinds):
        length = noise.integers("slump/length", shortest, longest, key, day, kind)
        room = end - start - length
        happens = noise.chance("slump/happens", probability, key, day, kind) & (room > 0)
        begins = start + np.floor(noise.uniform("slump/start", key, day, kind) * np.maximum(room, 0)).astype(np.int64)
        starts.append(begins)
        ends.append(np.where(happens, begins + length, begins))
        factors.append(noise.between("slump/factor", low, high, key, day, kind))
    # One slowness at a time: a blip inside a sustained slump would be nobody's to tell apart.
    overlaps = (starts[1] < ends[0]) & (starts[0] < ends[1])
    ends[1] = np.where(overlaps, starts[1], ends[1])
    return np.stack(starts, axis=1), np.stack(ends, axis=1), np.stack(factors, axis=1)


def _join(first: dict[str, Ints], second: dict[str, Ints]) -> dict[str, Ints]:
    return {name: np.concatenate([first[name], second[name]]) for name in first}


def changeover_segments(line: int, before: Style, after: Style, at: int) -> list[Segment]:
    """The day of a changeover: the old style until minute ``at``, the new one once the line is set up."""
    return [
        # The old style is long learnt; ten days are as good as forever.
        Segment(line, before, 0, at, working_days=10),
        Segment(line, after, at + _SETUP_MINUTES, DAY_MINUTES, working_days=0),
    ]
