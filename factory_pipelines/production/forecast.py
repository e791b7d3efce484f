"""Efficiency of each line over the next working days, and the rolling backtest that decides who may say it.

Every window of the backtest sees only its past; model and seasonal naive are scored on the same rows; intervals come
from errors of days that were over when the window began (``intervals``). How days are counted: ``series``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production import series as axis
from factory_pipelines.production.intervals import LEVELS, Margins, calibrate, coverage
from factory_pipelines.production.learner import EfficiencyModel, Recipe, booster_text, fit, predict, restore
from factory_pipelines.production.series import LINE_KEYS, LineSeries

HORIZON = 7
"""Working days forecast."""

IN_USE_DAYS = 28
"""Working days after which a line that has not run is no longer forecast at all."""

BOUNDS = [f"{side}_{level}" for level in LEVELS for side in ("lo", "hi")]
_SCORED = ["production_day", "horizon", "actual_pct", "model_pct", "naive_pct"]
BACKTEST_COLUMNS = ["trained_on", "window_no", *LINE_KEYS, *_SCORED, *BOUNDS]
_SERVED = ["efficiency_pct", *BOUNDS, "served_by", "model_version"]
FORECAST_COLUMNS = ["made_on", "production_day", "horizon", *LINE_KEYS, *_SERVED]


@dataclass(frozen=True)
class Metrics:
    """How model and baseline did on the same rows of the backtest. None: nothing to measure.

    Attributes:
        rows: line-days on which actual value, model and baseline are all known.
        windows: windows of the backtest.
        mae_model: mean absolute error of the model, percentage points.
        mae_naive: the same of the seasonal naive.
        coverage_80: share of actual values inside the model's 80 % interval, percent.
        coverage_95: the same for 95 %.
        naive_coverage_80: share inside the seasonal naive's 80 % interval, percent.
        naive_coverage_95: the same for 95 %.
    """

    rows: int
    windows: int
    mae_model: float | None = None
    mae_naive: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
    naive_coverage_80: float | None = None
    naive_coverage_95: float | None = None

    @property
    def ratio(self) -> float | None:
        """Error of the model divided by the error of the baseline; below 1 the model is better."""
        if self.mae_model is None or not self.mae_naive:
            return None
        return self.mae_model / self.mae_naive


@dataclass(frozen=True)
class Backtest:
    """A rolling backtest.

    Attributes:
        frame: columns ``BACKTEST_COLUMNS``; one row per window, line and day on which actual value, model and baseline
            are all known. The bounds are the model's; null in the first windows, when its errors were not known yet.
        metrics: the scores.
        margins: interval arms from all windows: what a model trained today should use.
        notes: what had to be left out, in words.
    """

    frame: pd.DataFrame
    metrics: Metrics
    margins: Margins
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Forecast:
    """Columns ``FORECAST_COLUMNS``, one row per line and day ahead; and what could not be forecast, in words."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def backtest(
    daily: pd.DataFrame,
    clock: PlantClock,
    *,
    made_on: date,
    recipe: Recipe | None = None,
    windows: int = 16,
    step: int = 3,
) -> Backtest:
    """Train and forecast at ``windows`` past days, ``step`` working days apart, each knowing only what was known then.

    Args:
        daily: one row per day and line: ``production_day``, the line's keys, ``efficiency_pct`` (percent, or null).
        clock: the plant's calendar.
        made_on: last production day that may be used.
        recipe: how to train; default: ``Recipe.for_clock``.
        windows: how many; fewer where the history is short.
        step: working days between windows.

    Raises:
        ValueError: when a line has two rows for one day.
        RuntimeError: when forecasts and days do not line up one to one.
    """
    recipe = recipe or Recipe.for_clock(clock)
    series = axis.line_series(daily, clock, made_on)
    last = len(series.days) - 1 - HORIZON
    cutoffs = [cutoff for cutoff in range(last - step * (windows - 1), last + 1, step) if cutoff >= 0]
    parts = [part for part in (_window(series, recipe, cutoff) for cutoff in cutoffs) if not part.empty]
    if not parts:
        note = f"no backtest: no line has {recipe.min_days} days of history and {HORIZON} days after them"
        nothing = pd.DataFrame({name: pd.Series(dtype="object") for name in BACKTEST_COLUMNS})
        return Backtest(nothing, Metrics(0, 0), calibrate(_no_residuals()), (*series.notes, note))
    frame = pd.concat([part.assign(window_no=number) for number, part in enumerate(parts, start=1)])
    scored = frame["actual_pct"].notna() & frame["naive_pct"].notna()
    notes = [*series.notes]
    if not scored.all():
        notes.append(f"{int((~scored).sum())} line-days of the backtest were not scored: no actual value or baseline")
    frame = frame[scored].reset_index(drop=True).assign(trained_on=made_on)
    residuals = _residuals(frame)
    frame[BOUNDS] = _rolling_bounds(frame, residuals, "model_pct")
    rows = frame.merge(series.lines, on="unique_id").sort_values(
        ["window_no", *LINE_KEYS, "horizon"], ignore_index=True
    )
    return Backtest(rows[BACKTEST_COLUMNS], _metrics(frame, series), calibrate(residuals), tuple(notes))


def train(
    daily: pd.DataFrame, clock: PlantClock, *, made_on: date, margins: Margins, recipe: Recipe | None = None
) -> EfficiencyModel | None:
    """Fit on everything known on ``made_on``; None when no line has enough history.

    Args:
        daily: as for ``backtest``.
        clock: the plant's calendar.
        made_on: last production day that may be used.
        margins: interval arms, from the backtest of the same recipe.
        recipe: how to train; default: ``Recipe.for_clock``.
    """
    recipe = recipe or Recipe.for_clock(clock)
    series = axis.line_series(daily, clock, made_on)
    last = len(series.days) - 1
    lines, _ = _eligible(series, recipe, last)
    if not lines:
        return None
    return EfficiencyModel(booster_text(fit(series, recipe, lines, last)), recipe, margins, made_on)


def forecast(
    daily: pd.DataFrame,
    clock: PlantClock,
    *,
    made_on: date,
    model: EfficiencyModel | None,
    model_version: str | None = None,
) -> Forecast:
    """The next seven working days of every line that ran in the last ``IN_USE_DAYS`` working days.

    A line the model cannot forecast (short history) gets the seasonal naive. A line that stands still, and a weekday on
    which a line did not run for four weeks, get nulls. ``served_by`` says which it is, row by row.

    Args:
        daily: as for ``backtest``.
        clock: the plant's calendar.
        made_on: last production day that may be used.
        model: what to serve; None serves the seasonal naive to all.
        model_version: name of ``model`` for the table.
    """
    series = axis.line_series(daily, clock, made_on)
    last = len(series.days) - 1
    modelled, idle = _eligible(series, model.recipe if model else Recipe.for_clock(clock), last)
    days = clock.next_working_days(made_on, HORIZON)
    parts = []
    if model and modelled:
        said = predict(restore(model, series, modelled, last), modelled, last, days)
        said = said.rename(columns={"model_pct": "efficiency_pct"})
        said[BOUNDS] = model.margins.bounds(said["efficiency_pct"], said["unique_id"])
        parts.append(said.assign(served_by="lightgbm", model_version=model_version))
    rest = [line for line in _in_use(series, last) if not (model and line in modelled)]
    if rest or not parts:
        parts.append(_naive_forecast(series, rest, idle, days, made_on))
    frame = pd.concat(parts, ignore_index=True).merge(series.lines, on="unique_id").assign(made_on=made_on)
    frame = frame.sort_values([*LINE_KEYS, "horizon"], ignore_index=True)
    return Forecast(frame[FORECAST_COLUMNS], (*series.notes, *_gaps(frame, idle, model is not None)))


def replay(
    daily: pd.DataFrame, clock: PlantClock, *, made_on: date, model: EfficiencyModel, judged: pd.DataFrame
) -> pd.DataFrame:
    """What a model trained earlier would have said in those windows of a backtest that it had not seen.

    Args:
        daily: as for ``backtest``.
        clock: the plant's calendar.
        made_on: as for the backtest that made ``judged``.
        model: the earlier model, frozen as it was stored.
        judged: ``Backtest.frame``.

    Returns:
        Rows of ``judged`` whose window began on the model's last day or later, with ``champion_pct``; empty when there
        is none.
    """
    series = axis.line_series(daily, clock, made_on)
    keys = ["window_no", *LINE_KEYS, "production_day"]
    parts = []
    for number, window in judged.groupby("window_no"):
        first = window.iloc[0]
        cutoff = series.days.index(first["production_day"]) - int(first["horizon"])
        lines, _ = _eligible(series, model.recipe, cutoff)
        if series.days[cutoff] < model.trained_on or not lines:
            continue
        said = predict(restore(model, series, lines, cutoff), lines, cutoff, _days_after(series, cutoff))
        said = said.rename(columns={"model_pct": "champion_pct"}).merge(series.lines, on="unique_id")
        parts.append(window.merge(said.assign(window_no=number)[[*keys, "champion_pct"]], on=keys))
    if not parts:
        return judged.head(0).assign(champion_pct=pd.Series(dtype="float64"))
    return pd.concat(parts, ignore_index=True)


def _eligible(series: LineSeries, recipe: Recipe, cutoff: int) -> tuple[list[str], list[str]]:
    """Lines that ``recipe`` can forecast after working day ``cutoff``, and lines that stand still."""
    return axis.eligible_lines(series, cutoff, min_days=recipe.min_days, max_idle_days=recipe.max_idle_days)


def _in_use(series: LineSeries, cutoff: int) -> list[str]:
    """Lines that ran lately; one that has not for a month is closed, and says nothing about tomorrow."""
    last_seen = series.observed.groupby("unique_id")["ds"].max()
    return list(last_seen.index[last_seen > cutoff - IN_USE_DAYS])


def _days_after(series: LineSeries, cutoff: int) -> Sequence[date]:
    return series.days[cutoff + 1 : cutoff + 1 + HORIZON]


def _window(series: LineSeries, recipe: Recipe, cutoff: int) -> pd.DataFrame:
    """Forecasts after working day ``cutoff`` beside what happened; empty when no line is old enough."""
    lines, _ = _eligible(series, recipe, cutoff)
    if not lines:
        return pd.DataFrame()
    said = predict(fit(series, recipe, lines, cutoff), lines, cutoff, _days_after(series, cutoff))
    said["cutoff_day"] = series.days[cutoff]
    said["naive_pct"] = axis.seasonal_naive(series, said)
    actual = series.observed[["unique_id", "production_day", "y"]].rename(columns={"y": "actual_pct"})
    joined = said.merge(actual, on=["unique_id", "production_day"], how="left", validate="one_to_one")
    if len(joined) != HORIZON * len(lines):
        raise RuntimeError(f"{len(joined)} rows for {len(lines)} lines × {HORIZON} days: the window is not aligned")
    return joined


def _naive_forecast(
    series: LineSeries, lines: Sequence[str], idle: Sequence[str], days: Sequence[date], made_on: date
) -> pd.DataFrame:
    """The seasonal naive with intervals from its own past errors; null for lines that stand still."""
    ahead = pd.DataFrame({"production_day": days, "horizon": range(1, len(days) + 1), "cutoff_day": made_on})
    frame = pd.DataFrame({"unique_id": pd.Series(lines, dtype="str")}).merge(ahead, how="cross")
    frame["efficiency_pct"] = axis.seasonal_naive(series, frame).where(~frame["unique_id"].isin(idle))
    margins = calibrate(axis.naive_residuals(series, HORIZON))
    frame[BOUNDS] = margins.bounds(frame["efficiency_pct"], frame["unique_id"])
    return frame.assign(served_by="seasonal_naive", model_version=None)


def _no_residuals() -> pd.DataFrame:
    return pd.DataFrame({"line": [], "production_day": [], "residual": []})


def _residuals(frame: pd.DataFrame) -> pd.DataFrame:
    """``line``, ``production_day`` and ``residual`` of the model (actual minus forecast, percentage points)."""
    named = frame.rename(columns={"unique_id": "line"})
    return named.assign(residual=named["actual_pct"] - named["model_pct"])[["line", "production_day", "residual"]]


def _rolling_bounds(frame: pd.DataFrame, residuals: pd.DataFrame, centre: str) -> pd.DataFrame:
    """Bounds of each window from the errors of days that were over when the window began."""
    parts = [pd.DataFrame(columns=BOUNDS, dtype="float64")]
    for cutoff_day, window in frame.groupby("cutoff_day"):
        known = residuals[residuals["production_day"] <= cutoff_day]
        parts.append(calibrate(known).bounds(window[centre], window["unique_id"]))
    return pd.concat(parts).reindex(frame.index)


def _metrics(frame: pd.DataFrame, series: LineSeries) -> Metrics:
    """Scores of model and baseline on the same rows."""
    windows = int(frame["window_no"].nunique())
    if frame.empty:
        return Metrics(0, windows)
    naive = frame[["actual_pct"]].join(_rolling_bounds(frame, axis.naive_residuals(series, HORIZON), "naive_pct"))
    return Metrics(
        rows=len(frame),
        windows=windows,
        mae_model=float((frame["actual_pct"] - frame["model_pct"]).abs().mean()),
        mae_naive=float((frame["actual_pct"] - frame["naive_pct"]).abs().mean()),
        coverage_80=coverage(frame, 80),
        coverage_95=coverage(frame, 95),
        naive_coverage_80=coverage(naive, 80),
        naive_coverage_95=coverage(naive, 95),
    )


def _gaps(frame: pd.DataFrame, idle: Sequence[str], has_model: bool) -> list[str]:
    """In words: which lines are not forecast, or not by the model."""
    notes = [f"{line}: stands still, no forecast" for line in idle if (frame["unique_id"] == line).any()]
    running = frame[~frame["unique_id"].isin(idle)]
    unknown = running.loc[running["efficiency_pct"].isna(), "unique_id"].value_counts()
    notes += [
        f"{line}: {days} days without a same weekday in four weeks, no forecast" for line, days in unknown.items()
    ]
    if has_model:
        short = running.loc[running["served_by"] == "seasonal_naive", "unique_id"].unique()
        notes += [f"{line}: history too short for the model, seasonal naive served" for line in short]
    return notes
