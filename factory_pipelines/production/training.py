"""One training from history to verdict, and which model is served. Every step can be killed and repeated."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.forecast import Backtest, backtest, replay, train
from factory_pipelines.production.learner import EfficiencyModel
from factory_pipelines.production.model_registry import Champion, ChampionUnreadableError, ModelRegistry
from factory_pipelines.production.promotion import Serving, judge


@dataclass(frozen=True)
class Training:
    """What a training did.

    Attributes:
        backtest: scores, and the rows for ``production.efficiency_backtest``.
        version: registry version of the model trained now; None when there was too little history.
        promoted: whether that version is the champion since now.
        serving: what forecasts are made with from now on, and why.
        notes: what was left out or went wrong on the way, in words.
    """

    backtest: Backtest
    version: str | None
    promoted: bool
    serving: Serving
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ServedModel:
    """What to forecast with: a model and its version, or neither (the seasonal naive); and why."""

    model: EfficiencyModel | None
    version: str | None
    reason: str


def train_and_judge(registry: ModelRegistry, daily: pd.DataFrame, clock: PlantClock, *, made_on: date) -> Training:
    """Backtest, train, register, judge against champion and naive, and move the alias if the challenger won.

    Args:
        registry: where versions are kept.
        daily: one row per day and line: ``production_day``, the line's keys, ``efficiency_pct`` (percent, or null).
        clock: the plant's calendar.
        made_on: last production day that may be used.
    """
    judged = backtest(daily, clock, made_on=made_on)
    champion, trouble = _champion(registry)
    fair = None
    if champion is not None:
        fair = replay(daily, clock, made_on=made_on, model=champion.model, judged=judged.frame)
    verdict = judge(judged.metrics, champion.version if champion else None, fair)
    model = train(daily, clock, made_on=made_on, margins=judged.margins)
    version = registry.register(model, judged.metrics) if model else None
    promoted = verdict.promote and version is not None
    if promoted and version is not None:
        registry.promote(version)
    served = version if promoted else champion.version if champion else None
    if verdict.served_by == "seasonal_naive" or served is None:
        serving = Serving("seasonal_naive", None, verdict.reason, made_on.isoformat())
    else:
        serving = Serving("lightgbm", served, verdict.reason, made_on.isoformat())
    registry.record(serving)
    return Training(judged, version, promoted, serving, (*judged.notes, *trouble))


def served_model(registry: ModelRegistry) -> ServedModel:
    """The model of the last judgement.

    The alias moves before the judgement is recorded, and only to a model that won: after a kill between the two, the
    alias is right.

    Raises:
        ChampionUnreadableError: when the champion should be served and its files cannot be read.
    """
    serving = registry.serving()
    if serving is not None and serving.served_by == "seasonal_naive":
        return ServedModel(None, None, serving.reason)
    champion = registry.champion()
    if champion is None:
        return ServedModel(None, None, "no model was trained yet: the seasonal naive is served")
    reason = serving.reason if serving and serving.version == champion.version else "champion"
    return ServedModel(champion.model, champion.version, reason)


def _champion(registry: ModelRegistry) -> tuple[Champion | None, tuple[str, ...]]:
    """The champion; one that cannot be read is reported and replaced by the next winner."""
    try:
        return registry.champion(), ()
    except ChampionUnreadableError as error:
        return None, (str(error),)
