"""The learning machinery: LightGBM over lag features that mlforecast builds, and a model that is nothing but text.

One model learns from all lines; each line is standardised by its own mean and spread, so a good line and a weak line
teach the same lesson. Several days ahead are forecast by feeding forecasts back as lags.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.intervals import Margins
from factory_pipelines.production.openmp import provide_openmp
from factory_pipelines.production.series import LineSeries

if TYPE_CHECKING:
    from mlforecast import MLForecast

_MODEL = "lightgbm"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a model becomes, given the data.

    Attributes:
        lags: working days back whose efficiency is a feature.
        means: windows, in working days, of the rolling means.
        weekday_weeks: weeks of the rolling mean of the same weekday.
        days_per_week: working days in the plant's week.
        trees: boosting rounds.
        learning_rate: shrinkage of each tree.
        leaves: leaves of a tree.
        min_leaf_rows: line-days a leaf needs.
        min_days: observed days a line needs before a model forecasts it.
        max_idle_days: a line without production for this many working days stands still and is not forecast.
        seed: of LightGBM's row and column sampling.
    """

    lags: tuple[int, ...] = (1, 2, 3, 6)
    means: tuple[int, ...] = (3, 6, 18)
    weekday_weeks: int = 4
    days_per_week: int = 6
    trees: int = 100
    learning_rate: float = 0.05
    leaves: int = 7
    min_leaf_rows: int = 20
    min_days: int = 24
    max_idle_days: int = 6
    seed: int = 7

    @classmethod
    def for_clock(cls, clock: PlantClock) -> Self:
        """The default recipe for the plant's working week."""
        return cls(days_per_week=7 - len(clock.rest_weekdays))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``dataclasses.asdict``, also after JSON turned tuples into lists."""
        read: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**read)


@dataclass(frozen=True)
class EfficiencyModel:
    """A fitted model as text: nothing in it can execute.

    Attributes:
        booster: LightGBM's native text.
        recipe: what it was made with; its features are rebuilt from it.
        margins: its interval arms.
        trained_on: last production day it has seen.
    """

    booster: str
    recipe: Recipe
    margins: Margins
    trained_on: date

    def card(self) -> str:
        """Everything but the trees, as JSON."""
        values = {
            "recipe": asdict(self.recipe),
            "margins": self.margins.to_dict(),
            "trained_on": self.trained_on.isoformat(),
        }
        return json.dumps(values, indent=2, sort_keys=True)

    @classmethod
    def load(cls, booster: str, card: str) -> Self:
        """A model from its two texts."""
        values = json.loads(card)
        recipe, margins = Recipe.from_dict(values["recipe"]), Margins.from_dict(values["margins"])
        return cls(booster, recipe, margins, date.fromisoformat(values["trained_on"]))


def fit(series: LineSeries, recipe: Recipe, lines: Sequence[str], cutoff_ds: int) -> "MLForecast":
    """Train on ``lines`` up to working day ``cutoff_ds``. Filled days carry no weight: only real days teach."""
    return _features(recipe).fit(_past(series, lines, cutoff_ds), static_features=[], weight_col="weight")


def booster_text(fitted: "MLForecast") -> str:
    """The trees of a fitted model in LightGBM's native text."""
    trees: Any = fitted.models_[_MODEL]
    return str(trees.booster_.model_to_string())


def restore(model: EfficiencyModel, series: LineSeries, lines: Sequence[str], cutoff_ds: int) -> "MLForecast":
    """A stored model, ready to forecast ``lines`` from working day ``cutoff_ds`` on data it has never seen.

    Raises:
        ValueError: when the stored trees were grown on other features than this code builds.
    """
    provide_openmp()
    import lightgbm

    booster = lightgbm.Booster(model_str=model.booster)
    frame = _features(model.recipe)
    frame.preprocess(_past(series, lines, cutoff_ds), static_features=[], weight_col="weight")
    features = frame.ts.features_order_
    wanted = booster.feature_name()
    if wanted != features:
        raise ValueError(f"the stored model wants features {wanted}, this version builds {features}: train it again")
    frame.models_ = {_MODEL: booster}
    return frame


def predict(fitted: "MLForecast", lines: Sequence[str], cutoff_ds: int, days: Sequence[date]) -> pd.DataFrame:
    """Efficiency of ``lines`` on ``days``, the working days that follow ``cutoff_ds``.

    Returns:
        ``unique_id``, ``production_day``, ``horizon`` (1 = first day), ``model_pct`` (percent, not below zero).

    Raises:
        RuntimeError: when a line or a day is missing from the answer, or there twice.
    """
    ahead = pd.DataFrame({"production_day": days, "horizon": range(1, len(days) + 1)})
    ahead["ds"] = cutoff_ds + ahead["horizon"]
    ahead["weekday"] = [day.weekday() for day in days]
    wanted = pd.DataFrame({"unique_id": list(lines)}).merge(ahead, how="cross")
    said = fitted.predict(len(days), X_df=wanted[["unique_id", "ds", "weekday"]])
    joined = wanted.merge(said, on=["unique_id", "ds"], validate="one_to_one")
    if len(joined) != len(days) * len(lines):
        raise RuntimeError(
            f"{len(joined)} forecasts for {len(lines)} lines × {len(days)} days: the series are not aligned"
        )
    joined["model_pct"] = joined.pop(_MODEL).astype("float64").clip(lower=0.0)
    return joined[["unique_id", "production_day", "horizon", "model_pct"]]


def _past(series: LineSeries, lines: Sequence[str], cutoff_ds: int) -> pd.DataFrame:
    frame = series.frame
    past = frame[(frame["ds"] <= cutoff_ds) & frame["unique_id"].isin(lines)]
    return past[["unique_id", "ds", "y", "weekday", "weight"]]


def _features(recipe: Recipe) -> "MLForecast":
    """An untrained pipeline: the features of ``recipe`` and LightGBM with fixed seeds."""
    provide_openmp()
    import lightgbm
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, SeasonalRollingMean
    from mlforecast.target_transforms import LocalStandardScaler

    recent = [RollingMean(window, min_samples=min(window, 6)) for window in recipe.means]
    weekday = SeasonalRollingMean(recipe.days_per_week, recipe.weekday_weeks, min_samples=1)
    trees = lightgbm.LGBMRegressor(
        n_estimators=recipe.trees,
        learning_rate=recipe.learning_rate,
        num_leaves=recipe.leaves,
        min_child_samples=recipe.min_leaf_rows,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        random_state=recipe.seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        verbosity=-1,
    )
    return MLForecast(
        models={_MODEL: trees},
        freq=1,
        lags=list(recipe.lags),
        lag_transforms={1: [*recent, ExponentiallyWeightedMean(0.3)], recipe.days_per_week: [weekday]},
        target_transforms=[LocalStandardScaler()],
        num_threads=1,
    )
