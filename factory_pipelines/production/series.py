"""Daily efficiency of each line as a gapless series over *working* days, and the plain baseline to beat.

Time is counted in working days: the day after Saturday is Monday where Sunday is a day of rest, and a holiday does not
exist. So "six days ago" means the same amount of work everywhere, and no model learns that Sundays are bad.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from factory_pipelines.plant.clock import PlantClock

LINE_KEYS = ["unit_code", "floor_name", "line_name"]
"""What names a line; a line's name alone may repeat on another floor."""

NAIVE_WEEKS = 4
"""How many weeks before the target the seasonal naive looks for a day on which the line really ran."""


@dataclass(frozen=True)
class LineSeries:
    """The history of every line, ready for models.

    Attributes:
        frame: one row per line and working day, from the line's first observed day to the end of the history:
            ``unique_id``, ``ds`` (working-day index), ``production_day``, ``weekday`` (Monday = 0), ``y`` (percent;
            filled from the past where the line did not run), ``weight`` (1.0 observed, 0.0 filled).
        lines: one row per line: ``unique_id`` and the line's keys.
        days: the working days; position = ``ds``.
        notes: what had to be left out, in words.
    """

    frame: pd.DataFrame
    lines: pd.DataFrame
    days: tuple[date, ...]
    notes: tuple[str, ...]

    @property
    def observed(self) -> pd.DataFrame:
        """Only the days on which the line really ran."""
        return self.frame[self.frame["weight"] > 0]


def line_series(daily: pd.DataFrame, clock: PlantClock, made_on: date) -> LineSeries:
    """Bring ``daily`` on the working-day axis.

    Args:
        daily: one row per day and line: ``production_day``, the line's keys, ``efficiency_pct`` (percent, or null).
        clock: the plant's calendar.
        made_on: last production day that may be known.

    Raises:
        ValueError: when a line has two rows for one day: the caller aggregated wrongly, and a mean would hide it.
    """
    known = daily.loc[:, ["production_day", *LINE_KEYS, "efficiency_pct"]].copy()
    known["production_day"] = pd.to_datetime(known["production_day"]).dt.date
    known["y"] = pd.to_numeric(known.pop("efficiency_pct"), errors="raise").astype("float64")
    known = known[known["y"].notna() & (known["production_day"] <= made_on)]
    if known.duplicated(["production_day", *LINE_KEYS]).any():
        raise ValueError("a line appears twice on one production day: aggregate to one row per line and day first")
    lines = known[LINE_KEYS].drop_duplicates().sort_values(LINE_KEYS, ignore_index=True)
    lines.insert(0, "unique_id", lines["unit_code"] + " / " + lines["floor_name"] + " / " + lines["line_name"])
    if known.empty:
        return LineSeries(_empty_frame(), lines, (), ("no production day with a known efficiency",))
    days = tuple(clock.working_days(known["production_day"].min(), made_on))
    index = pd.DataFrame(
        {"production_day": days, "ds": np.arange(len(days)), "weekday": [day.weekday() for day in days]}
    )
    joined = known.merge(lines, on=LINE_KEYS).merge(index, on="production_day", how="left")
    outside = int(joined["ds"].isna().sum())
    notes = (f"{outside} line-days fell on days of rest and were left out",) if outside else ()
    observed = joined[joined["ds"].notna()]
    return LineSeries(_gapless(observed, index), lines, days, notes)


def _gapless(observed: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Fill days without production from the past only: same weekday before, else the last day that ran."""
    if observed.empty:
        return _empty_frame()
    first = observed.groupby("unique_id")["ds"].min().rename("first_ds").reset_index()
    grid = first.merge(index, how="cross")
    grid = grid[grid["ds"] >= grid["first_ds"]].drop(columns="first_ds")
    frame = grid.merge(observed[["unique_id", "production_day", "y"]], on=["unique_id", "production_day"], how="left")
    frame = frame.sort_values(["unique_id", "ds"], ignore_index=True)
    frame["weight"] = frame["y"].notna().astype("float64")
    frame["y"] = frame["y"].fillna(frame.groupby(["unique_id", "weekday"])["y"].ffill())
    frame["y"] = frame.groupby("unique_id")["y"].ffill()
    return frame[["unique_id", "ds", "production_day", "weekday", "y", "weight"]]


def _empty_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unique_id": pd.Series(dtype="str"),
            "ds": pd.Series(dtype="int64"),
            "production_day": pd.Series(dtype="object"),
            "weekday": pd.Series(dtype="int64"),
            "y": pd.Series(dtype="float64"),
            "weight": pd.Series(dtype="float64"),
        }
    )


def eligible_lines(
    series: LineSeries, cutoff_ds: int, *, min_days: int, max_idle_days: int
) -> tuple[list[str], list[str]]:
    """Lines a model may forecast after ``cutoff_ds``, and lines that stand still.

    Args:
        series: the history.
        cutoff_ds: last working day that is known.
        min_days: observed days a line needs to be modelled.
        max_idle_days: a line without production for longer stands still; whether it starts again is not in the data.

    Returns:
        ``unique_id`` of the lines with enough history that still run, and of the lines that stand still.
    """
    past = series.observed[series.observed["ds"] <= cutoff_ds]
    seen = past.groupby("unique_id")["ds"].agg(["count", "max"])
    idle = seen["max"] < cutoff_ds - max_idle_days + 1
    return list(seen.index[~idle & (seen["count"] >= min_days)]), list(seen.index[idle])


def seasonal_naive(series: LineSeries, targets: pd.DataFrame) -> pd.Series:
    """Efficiency of the same weekday in the most recent week in which the line ran, percent.

    The day is found by date, so a holiday does not shift the weekday. A target more than a week ahead of its cutoff
    uses the week before. Null when the line did not run on that weekday in the four weeks before the target.

    Args:
        series: the history.
        targets: ``unique_id``, ``production_day`` and ``cutoff_day`` (last known day) of each forecast wanted.
    """
    known = series.observed.set_index(["unique_id", "production_day"])["y"]
    value = pd.Series(np.nan, index=targets.index, dtype="float64")
    for weeks in range(1, NAIVE_WEEKS + 1):
        then = [day - timedelta(days=7 * weeks) for day in targets["production_day"]]
        keys = pd.MultiIndex.from_arrays([targets["unique_id"], then])
        candidate = pd.Series(known.reindex(keys).to_numpy(dtype="float64", na_value=np.nan), index=targets.index)
        usable = np.array([day <= cutoff for day, cutoff in zip(then, targets["cutoff_day"], strict=True)], dtype=bool)
        value = value.fillna(candidate.where(usable))
    return value


def naive_residuals(series: LineSeries, horizon: int) -> pd.DataFrame:
    """What the seasonal naive would have missed by, from every past day and 1 to ``horizon`` working days ahead.

    Returns:
        ``line``, ``production_day``, ``residual`` (actual minus forecast, percentage points); only known ones.
    """
    observed = series.observed[["unique_id", "ds", "production_day", "y"]]
    targets = observed.merge(pd.DataFrame({"horizon": np.arange(1, horizon + 1)}), how="cross")
    targets = targets[targets["ds"] >= targets["horizon"]].reset_index(drop=True)
    targets["cutoff_day"] = [series.days[position] for position in targets["ds"] - targets["horizon"]]
    targets["residual"] = targets["y"] - seasonal_naive(series, targets)
    known = targets[targets["residual"].notna()].rename(columns={"unique_id": "line"})
    return known[["line", "production_day", "residual"]]
