"""The truth about every rostered shift: late, early, absent, and what it is worth had nobody forgotten to punch.

Computed from when people stood at the terminals, by the plant's rules in their simplest form; attendance's own engine
has no part in it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from factory_pipelines.demo.crews import OVERTIME_FROM_MIN, Due
from factory_pipelines.demo.movements import ARRIVAL, BREAK_IN, BREAK_OUT, DEPARTURE, Legs
from factory_pipelines.demo.noise import Bools, Ints
from factory_pipelines.demo.terminals import Told, instants
from factory_pipelines.plant.shifts import PlannedShift

_MINUTE = 60


def timesheet(due: Due, legs: Legs, told: Told, shifts: Sequence[PlannedShift]) -> pd.DataFrame:
    """One row a person and shift.

    Args:
        due: everybody who might have come.
        legs: the ways they took.
        told: which of them the terminals heard of.
        shifts: the patterns on that day, as ``due.shift`` numbers them.

    Returns:
        production_day, employee_id, shift_id, shift_start, status (ABSENT before LATE before EARLY_EXIT before
        PRESENT), is_late and is_early_exit (None where absent), arrived_at, left_at (NaT where absent), paid_s (regular
        time and overtime), forgot (whether a punch of arrival or departure is missing).
    """
    row = np.flatnonzero(due.shift >= 0)
    arrived, left = _when(due, legs, ARRIVAL)[row], _when(due, legs, DEPARTURE)[row]
    came = ~due.absent[row]
    shift = due.shift[row]
    grace_in = np.asarray([s.pattern.grace_in_min for s in shifts])[shift] * _MINUTE
    grace_out = np.asarray([s.pattern.grace_out_min for s in shifts])[shift] * _MINUTE
    late = came & (arrived - due.start[row] > grace_in)
    early = came & (due.end[row] - left > grace_out)
    forgot = np.zeros(len(due.key), dtype=bool)
    forgot[legs.who[told.is_forgotten]] = True
    status = np.select([~came, late, early], ["ABSENT", "LATE", "EARLY_EXIT"], default="PRESENT")
    return pd.DataFrame(
        {
            "production_day": np.asarray([s.production_day for s in shifts], dtype=object)[shift],
            "employee_id": due.person_id[row],
            "shift_id": np.asarray([s.pattern.shift_id for s in shifts], dtype=object)[shift],
            "shift_start": instants(due.start[row]),
            "status": status,
            "is_late": _known(late, came),
            "is_early_exit": _known(early, came),
            "arrived_at": instants(arrived).where(came),
            "left_at": instants(left).where(came),
            "paid_s": np.where(came, _paid(due, legs, arrived, left, row), 0),
            "forgot": forgot[row],
        }
    )


def _paid(due: Due, legs: Legs, arrived: Ints, left: Ints, row: Ints) -> Ints:
    """Presence within the shift less the unpaid break, a punched lunch beyond it, and overtime past its threshold."""
    start, end = due.start[row], due.end[row]
    begin, finish = np.maximum(arrived, start), np.minimum(left, end)
    worked = np.maximum(finish - begin, 0) - _common(begin, finish, due.lunch_start[row], due.lunch_end[row])
    back = _when(due, legs, BREAK_IN, punched=True)[row]
    out = _when(due, legs, BREAK_OUT, punched=True)[row]
    gone = _common(out, back, begin, finish) - _common(out, back, due.lunch_start[row], due.lunch_end[row])
    over = np.maximum(left - end, 0)
    return np.asarray(worked - gone + np.where(over >= OVERTIME_FROM_MIN * _MINUTE, over, 0), dtype=np.int64)


def _when(due: Due, legs: Legs, kind: int, *, punched: bool = False) -> Ints:
    """When each person stood at the terminal for one kind of way; 0 for who did not."""
    found = np.zeros(len(due.key), dtype=np.int64)
    which = (legs.kind == kind) & (legs.is_told if punched else True)
    found[legs.who[which]] = legs.at_terminal[which]
    return found


def _known(values: Bools, known: Bools) -> pd.Series:
    """Yes, no, and None where it is not known."""
    found = values.astype(object)
    found[~known] = None
    return pd.Series(found, dtype=object)


def _common(start: Ints, end: Ints, other_start: Ints, other_end: Ints) -> Ints:
    """Seconds that two spans have in common."""
    return np.asarray(np.maximum(np.minimum(end, other_end) - np.maximum(start, other_start), 0), dtype=np.int64)
