"""Prediction intervals from what a forecast really missed by (split conformal), pooled over lines.

Errors are divided by the line's own scale, pooled, and a high order statistic becomes the arm on both sides. Whether
the interval then covers as often as it says is measured by the backtest, never assumed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

LEVELS = (80, 95)
"""Coverage levels of every interval, percent."""

MIN_ERROR_DAYS = 12
"""Days with known errors below which no interval is given: days share their shocks, so fewer say too little."""

_SHRINK_ROWS = 60.0  # errors a line needs before its own scale counts for more than the plant's
_ERRORS_PER_DAY = 3  # a day's errors resemble each other (one heat wave, many lines): they count as this many


@dataclass(frozen=True)
class Margins:
    """Arms of an interval, relative to a line's scale.

    Attributes:
        arms: level → arm in units of the line's scale; None where too little is known.
        scale: mean absolute error of each line, percentage points, shrunk towards the plant's.
        plant_scale: mean absolute error of all lines, percentage points; None without errors.
        error_count: how many errors stand behind it.
    """

    arms: Mapping[int, float | None]
    scale: Mapping[str, float]
    plant_scale: float | None
    error_count: int

    def bounds(self, centre: pd.Series, line: pd.Series) -> pd.DataFrame:
        """Interval columns ``lo_80, hi_80, lo_95, hi_95`` around ``centre`` (percent), never below zero.

        An efficiency cannot be negative, so the bounds are clipped there. Null where the arm is unknown.
        """
        scale = line.map(dict(self.scale)).astype("float64")
        scale = scale.fillna(np.nan if self.plant_scale is None else self.plant_scale)
        columns: dict[str, pd.Series] = {}
        for level in LEVELS:
            arm = self.arms[level]
            half = scale * (np.nan if arm is None else arm)
            columns[f"lo_{level}"] = (centre - half).clip(lower=0.0)
            columns[f"hi_{level}"] = (centre + half).clip(lower=0.0)
        return pd.DataFrame(columns, index=centre.index)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe values."""
        return asdict(self) | {"arms": {str(level): arm for level, arm in self.arms.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        arms = {level: values["arms"][str(level)] for level in LEVELS}
        return cls(arms, dict(values["scale"]), values["plant_scale"], int(values["error_count"]))


def calibrate(residuals: pd.DataFrame) -> Margins:
    """Margins from errors.

    Args:
        residuals: ``line`` (a stable key), ``production_day`` and ``residual`` (actual minus forecast, percentage
            points), all known.
    """
    days = int(residuals["production_day"].nunique())
    if days == 0:
        return Margins(dict.fromkeys(LEVELS), {}, None, 0)
    size = residuals["residual"].abs()
    plant_scale = max(float(size.mean()), 1e-9)
    per_line = size.groupby(residuals["line"]).agg(["sum", "count"])
    shrunk = (per_line["sum"] + _SHRINK_ROWS * plant_scale) / (per_line["count"] + _SHRINK_ROWS)
    scale = {str(line): float(value) for line, value in shrunk.items()}
    scores = (size / residuals["line"].map(scale)).to_numpy(dtype="float64")
    independent = min(len(scores), _ERRORS_PER_DAY * days) if days >= MIN_ERROR_DAYS else 0
    arms = {level: _arm(scores, level, independent) for level in LEVELS}
    return Margins(arms, scale, plant_scale, len(scores))


def _arm(scores: np.ndarray, level: int, independent: int) -> float | None:
    """The order statistic that a new error stays below with the level's probability; None when too few are known.

    The finite-sample rank is that of split conformal prediction, ceil((n + 1) × level) of n independent scores.
    """
    rank = math.ceil((independent + 1) * level / 100)
    if rank > independent:
        return None
    return float(np.quantile(scores, rank / independent, method="higher"))


def coverage(frame: pd.DataFrame, level: int, actual: str = "actual_pct") -> float | None:
    """Share of rows whose actual value lies inside the interval, percent; None when no row has both."""
    known = frame[frame[actual].notna() & frame[f"lo_{level}"].notna()]
    if known.empty:
        return None
    inside = known[actual].between(known[f"lo_{level}"], known[f"hi_{level}"])
    return float(inside.mean() * 100)
