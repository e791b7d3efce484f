"""What really happened on a day: the clean rows, who fell behind and when, what lines put out, where the dirt lies."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from factory_pipelines.demo.noise import Bools, Floats, Ints
from factory_pipelines.demo.shifts import DAY_MINUTES, SESSION_MINUTES, SESSIONS, Shifts
from factory_pipelines.demo.work import Work
from factory_pipelines.plant.clock import PlantClock

STANDARD_PCT = 85.0
PLACE_COLUMNS = ["row_id", "unit_code", "floor_name", "line_name", "style_no", "part_name", "new_oper_seq", "device_id"]


@dataclass(frozen=True)
class Minutes:
    """Minutes of a production day (0 is the start of session S01) as instants, and back."""

    clock: PlantClock
    day: date

    def at(self, minute: int) -> datetime:
        """The instant at which ``minute`` (0 to 720) begins, in UTC."""
        session = min(minute // SESSION_MINUTES, SESSIONS - 1)
        return self.clock.session_window(self.day, session + 1)[0] + timedelta(
            minutes=minute - session * SESSION_MINUTES
        )

    def of(self, at: datetime | None) -> int:
        """Whole minutes of the day that have passed at ``at``; all of them for None."""
        if at is None:
            return DAY_MINUTES
        passed = 0
        for session in range(1, SESSIONS + 1):
            begins, ends = self.clock.session_window(self.day, session)
            passed += int(max(timedelta(0), min(at, ends) - begins).total_seconds() // 60)
        return passed

    def series(self, minutes: Ints) -> pd.Series:
        """Instants of many minutes."""
        starts = [self.clock.session_window(self.day, session)[0] for session in range(1, SESSIONS + 1)]
        session = np.minimum(minutes // SESSION_MINUTES, SESSIONS - 1)
        begins = np.asarray([start.replace(tzinfo=None) for start in starts], dtype="datetime64[us]")[session]
        instants = begins + (minutes - session * SESSION_MINUTES).astype("timedelta64[m]")
        return pd.Series(instants).dt.tz_localize("UTC")


@dataclass(frozen=True)
class Truth:
    """The truth about a production day up to a moment.

    Attributes:
        day: the production day.
        until: the moment, or None for the whole day.
        rows: one per true row with a first piece: row_id, the hierarchy, emp_code and emp_name (also where RTMS lacks
            them), sam, prodn_pcs, eff100, used_min, true_efficiency_pct (unfinished pieces included), is_final,
            start_at, end_at.
    """

    day: date
    until: datetime | None
    rows: pd.DataFrame
    _work: Work = field(repr=False)
    _shifts: Shifts = field(repr=False)
    _minutes: Minutes = field(repr=False)
    _find_dirt: Callable[[], pd.DataFrame] = field(repr=False)

    @cached_property
    def dirt(self) -> pd.DataFrame:
        """What is wrong with the rows RTMS shows at that moment.

        Columns: position (row of the frame), row_id (before any dirt), device_id, prodn_pcs (as shown), kind,
        must_refuse (whether the contract must).
        """
        return self._find_dirt()

    @cached_property
    def line_output(self) -> pd.DataFrame:
        """Output and efficiency of every line.

        Columns: unit_code, floor_name, line_name, output_pcs (pieces of final operations), prodn_pcs and eff100
        (sums over all rows), efficiency_pct (sum over sum).
        """
        place = ["unit_code", "floor_name", "line_name"]
        lines = (
            self.rows.assign(output_pcs=self.rows["prodn_pcs"].where(self.rows["is_final"], 0))
            .groupby(place, as_index=False)[["output_pcs", "prodn_pcs", "eff100"]]
            .sum()
        )
        return lines.assign(efficiency_pct=lines["prodn_pcs"] / lines["eff100"].where(lines["eff100"] > 0) * 100.0)

    @cached_property
    def slumps(self) -> pd.DataFrame:
        """Why people fell behind: the times in which something slowed them down.

        Columns: row_id, emp_code, kind ('sustained' or 'blip'), start_at, end_at, pace_pct (what remained of the pace).
        """
        work, until = self._work, self._minutes.of(self.until)
        row, kind = np.nonzero((work.slump_end > work.slump_start) & (work.slump_start < until))
        people = self.rows[["row_id", "emp_code"]].iloc[row].reset_index(drop=True)
        return people.assign(
            kind=np.where(kind == 0, "sustained", "blip"),
            start_at=self._minutes.series(work.slump_start[row, kind]),
            end_at=self._minutes.series(work.slump_end[row, kind]),
            pace_pct=work.slump_factor[row, kind] * 100.0,
        )

    def underperformance(self, below_pct: float = STANDARD_PCT) -> pd.DataFrame:
        """Who was really below a share of the standard for the work done so far on the day, and from when to when.

        Columns: row_id, emp_code, line_name, part_name, new_oper_seq, start_at, end_at, minutes, lowest_pct. Minutes of
        the clock, breaks included. Resolution one minute.
        """
        level = _running_efficiency(self._work, self._shifts)
        level[:, self._minutes.of(self.until) :] = np.nan
        row, start, end = _spells(level < below_pct)
        spells = self.rows[["row_id", "emp_code", "line_name", "part_name", "new_oper_seq"]].iloc[row]
        return spells.reset_index(drop=True).assign(
            start_at=self._minutes.series(start),
            end_at=self._minutes.series(end),
            minutes=end - start,
            lowest_pct=[float(np.nanmin(level[r, s:e])) for r, s, e in zip(row, start, end, strict=True)],
        )


def _running_efficiency(work: Work, shifts: Shifts) -> Floats:
    """Efficiency of the day so far after every minute, rows × 720, NaN while the row is not at work."""
    minute = np.arange(DAY_MINUTES)[None, :]
    at_work = (minute >= work.start[:, None]) & (minute < work.end[:, None])
    pace = np.diff(shifts.paced, axis=1)[work.line] * at_work
    for kind in range(work.slump_start.shape[1]):
        slow = (minute >= work.slump_start[:, kind, None]) & (minute < work.slump_end[:, kind, None])
        pace *= np.where(slow, work.slump_factor[:, kind, None], 1.0)
    pace *= np.repeat(work.wobble, SESSION_MINUTES, axis=1) * work.speed[:, None]
    used = np.cumsum(np.diff(shifts.worked, axis=1)[work.line] * at_work, axis=1)
    earned = np.cumsum(pace, axis=1)
    return np.where(at_work & (used > 0), earned / np.maximum(used, 1.0) * 100.0, np.nan)


def _spells(below: Bools) -> tuple[Ints, Ints, Ints]:
    """Runs of True along the rows: row, first minute, minute after the last."""
    padded = np.zeros((below.shape[0], below.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = below
    change = np.diff(padded, axis=1)
    row, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return row, start, end
