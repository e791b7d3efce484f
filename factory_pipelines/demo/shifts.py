"""The working day in minutes: shift hours, breaks, and the pace people keep through the day.

Minute 0 is the start of session S01; a production day has twelve sessions, 720 minutes.
"""

from dataclasses import dataclass

import numpy as np

from factory_pipelines.demo.noise import Floats, Ints, Noise
from factory_pipelines.demo.people import Layout

SESSIONS = 12
SESSION_MINUTES = 60
DAY_MINUTES = SESSIONS * SESSION_MINUTES

SHIFT_MINUTES = 570
LATE_START = 150
_OVERTIME_MINUTES = 60
TEA_BREAKS = ((120, 130), (450, 460))
LUNCH = (270, 300)


@dataclass(frozen=True)
class Shifts:
    """Work of one day, per line, added up over the minutes; both arrays are lines × 721.

    Attributes:
        start: minute at which the line begins, per line.
        end: minute at which it stops, overtime included, per line.
        worked: minutes worked before each minute (breaks add nothing). RTMS' UsedMin.
        paced: the same, each minute weighted by the pace people keep then; a whole shift weighs what it lasts.
    """

    start: Ints
    end: Ints
    worked: Floats
    paced: Floats


def shifts_of(noise: Noise, layout: Layout, day: int) -> Shifts:
    """Shifts of the day with ordinal ``day``."""
    lines = np.arange(len(layout.line_names))
    late = np.asarray(layout.late_shift)
    overtime = noise.chance("line/overtime", 0.15, lines, day) & ~late
    start = np.where(late, LATE_START, 0)
    end = start + SHIFT_MINUTES + np.where(overtime, _OVERTIME_MINUTES, 0)
    minute = np.arange(DAY_MINUTES)[None, :] - start[:, None]
    working = (minute >= 0) & (minute < (end - start)[:, None])
    for begins, ends in (*TEA_BREAKS, LUNCH):
        working &= (minute < begins) | (minute >= ends)
    pace = _pace(minute, noise.between("line/drift", 0.00, 0.07, lines)[:, None])
    weighted = np.where(working, pace, 0.0)
    weighted *= working.sum(axis=1, keepdims=True) / weighted.sum(axis=1, keepdims=True)
    return Shifts(start=start, end=end, worked=_running(working.astype(np.float64)), paced=_running(weighted))


def _pace(minute: Ints, drift: Floats) -> Floats:
    """Pace by minute of the shift: a slow start, a dip after lunch, and a decline that differs from line to line."""
    warm_up = 0.10 * np.exp(-np.maximum(minute, 0) / 20.0)
    after_lunch = np.where(minute >= LUNCH[1], 0.06 * np.exp(-(minute - LUNCH[1]) / 25.0), 0.0)
    tired = drift * np.clip(minute / SHIFT_MINUTES, 0.0, 1.2)
    return np.asarray(1.0 - warm_up - after_lunch - tired, dtype=np.float64)


def _running(per_minute: Floats) -> Floats:
    total = np.zeros((per_minute.shape[0], DAY_MINUTES + 1))
    np.cumsum(per_minute, axis=1, out=total[:, 1:])
    return total
