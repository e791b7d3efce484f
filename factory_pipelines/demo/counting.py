"""What has been made by a given minute: pieces, minutes worked and targets, from the work rows alone."""

from dataclasses import dataclass, fields, replace

import numpy as np

from factory_pipelines.demo.noise import Floats, Ints
from factory_pipelines.demo.shifts import DAY_MINUTES, SESSION_MINUTES, Shifts
from factory_pipelines.demo.work import Work

_EDGES = np.arange(0, DAY_MINUTES + 1, SESSION_MINUTES)


@dataclass(frozen=True)
class Counts:
    """State of the rows at one moment; arrays over rows.

    Attributes:
        sessions: rows × 12, pieces finished in each session.
        prodn_pcs: pieces finished.
        used_min: minutes worked.
        eff100: target pieces for these minutes at 100 %, rounded as RTMS does.
        true_efficiency_pct: standard minutes earned for minutes worked, unfinished pieces included; NaN before
            any work.
    """

    sessions: Ints
    prodn_pcs: Ints
    used_min: Ints
    eff100: Ints
    true_efficiency_pct: Floats

    def take(self, rows: Ints) -> "Counts":
        """Only these rows."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def count(work: Work, shifts: Shifts, minute: int | Ints) -> Counts:
    """The rows at ``minute`` of the day (one for all rows, or one for each)."""
    until = np.minimum(work.end, minute)[:, None]
    edges = np.clip(_EDGES[None, :], work.start[:, None], np.maximum(until, work.start[:, None]))
    paced = np.diff(shifts.paced[work.line[:, None], edges], axis=1)
    for kind in range(work.slump_start.shape[1]):
        inside = np.clip(edges, work.slump_start[:, kind, None], work.slump_end[:, kind, None])
        slowed = np.diff(shifts.paced[work.line[:, None], inside], axis=1)
        paced -= slowed * (1.0 - work.slump_factor[:, kind, None])
    earned = np.cumsum(paced * work.wobble * work.speed[:, None], axis=1)
    # A hair more than exact, so that a piece is not lost to the last bit of a sum.
    finished = np.floor(earned / work.sam_min[:, None] + 1e-9).astype(np.int64)
    used = shifts.worked[work.line, edges[:, -1]] - shifts.worked[work.line, edges[:, 0]]
    with np.errstate(invalid="ignore", divide="ignore"):
        true_efficiency_pct = np.where(used > 0, earned[:, -1] / used * 100.0, np.nan)
    return Counts(
        sessions=np.diff(finished, axis=1, prepend=0),
        prodn_pcs=finished[:, -1],
        used_min=np.rint(used).astype(np.int64),
        eff100=np.rint(used / work.sam_min).astype(np.int64),
        true_efficiency_pct=true_efficiency_pct,
    )
