"""Prediction intervals from what a forecast really missed by (split conformal), pooled over lines.

Residuals are divided by the line's own scale, pooled, and their outer order statistics are taken on each side, so a
forecast that is too high on bad days gets a longer lower arm. The finite-sample rank makes the interval cover at least
its level when days are exchangeable; whether it does on real days is measured by the backtest, never assumed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

LEVELS = (80, 95)
"""Coverage levels of every interval, percent."""

_SHRINK_ROWS = 20.0  # residuals a line needs before its own scale counts for more than the plant's


@dataclass(frozen=True)
class Margins:
    """Arms of an interval, relative to a line's scale.

    Attributes:
        arms: level → (lower, upper) arm in units of the line's scale; None where there are too few residuals to tell.
        scale: mean absolute residual of each line, percentage points, shrunk towards the plant's.
        plant_scale: mean absolute residual of all lines, percentage points; None without residuals.
        residual_count: how many residuals stand behind it.
    """

    arms: Mapping[int, tuple[float, float] | None]
    scale: Mapping[str, float]
    plant_scale: float | None
    residual_count: int

    def bounds(self, centre: pd.Series, line: pd.Series) -> pd.DataFrame:
        """Interval columns ``lo_80, hi_80, lo_95, hi_95`` around ``centre`` (percent), never below zero.

        An efficiency cannot be negative, so the lower bound is clipped there. Null where the level is unknown.
        """
        scale = line.map(dict(self.scale)).astype("float64")
        scale = scale.fillna(np.nan if self.plant_scale is None else self.plant_scale)
        columns: dict[str, pd.Series] = {}
        for level in LEVELS:
            lower, upper = self.arms.get(level) or (np.nan, np.nan)
            columns[f"lo_{level}"] = (centre + lower * scale).clip(lower=0.0)
            columns[f"hi_{level}"] = (centre + upper * scale).clip(lower=0.0)
        return pd.DataFrame(columns, index=centre.index)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe values."""
        values = asdict(self)
        values["arms"] = {str(level): arms for level, arms in self.arms.items()}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        arms = {
            int(level): None if pair is None else (float(pair[0]), float(pair[1]))
            for level, pair in values["arms"].items()
        }
        return cls(arms, dict(values["scale"]), values["plant_scale"], int(values["residual_count"]))


def calibrate(residuals: pd.DataFrame) -> Margins:
    """Margins from residuals.

    Args:
        residuals: ``line`` (a stable key) and ``residual`` (actual minus forecast, percentage points), all known.
    """
    count = len(residuals)
    if count == 0:
        return Margins(dict.fromkeys(LEVELS), {}, None, 0)
    size = residuals["residual"].abs()
    plant_scale = max(float(size.mean()), 1e-9)
    per_line = size.groupby(residuals["line"]).agg(["sum", "count"])
    shrunk = (per_line["sum"] + _SHRINK_ROWS * plant_scale) / (per_line["count"] + _SHRINK_ROWS)
    scale = {str(line): float(value) for line, value in shrunk.items()}
    scores = np.sort((residuals["residual"] / residuals["line"].map(scale)).to_numpy(dtype="float64"))
    return Margins({level: _arms(scores, level) for level in LEVELS}, scale, plant_scale, count)


def _arms(scores: np.ndarray, level: int) -> tuple[float, float] | None:
    """Order statistics that leave half of (100 − level) % outside on each side; None when there are too few scores."""
    tail = (100 - level) / 200
    outside = math.floor((len(scores) + 1) * tail)
    if outside < 1:
        return None
    return float(scores[outside - 1]), float(scores[-outside])


def coverage(frame: pd.DataFrame, level: int, actual: str = "actual_pct") -> float | None:
    """Share of rows whose actual value lies inside the interval, percent; None when no row has both."""
    known = frame[frame[actual].notna() & frame[f"lo_{level}"].notna()]
    if known.empty:
        return None
    inside = known[actual].between(known[f"lo_{level}"], known[f"hi_{level}"])
    return float(inside.mean() * 100)
