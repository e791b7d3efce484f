"""How good the efficiency forecast is on the demo factory, and what it costs.

``python -m benchmarks.forecast`` prints the entries. Dates and seeds are fixed: the figures change only with the code.
"""

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from benchmarks.harness import entry
from factory_pipelines.demo.factory import Factory
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.forecast import Backtest, backtest, forecast, train
from factory_pipelines.production.intervals import coverage
from factory_pipelines.settings import DemoSettings, PlantSettings

LAST_DAY = date(2025, 9, 12)
DAYS = 90
SEEDS = (DemoSettings().seed, 1, 2, 3, 4, 5)
_KEYS = {"UnitCode": "unit_code", "FloorName": "floor_name", "LineName": "line_name"}


@dataclass(frozen=True)
class Judged:
    """The backtest of one demo factory."""

    seed: int
    result: Backtest


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    clock = PlantSettings().clock()
    judged = [Judged(seed, backtest(daily_efficiency(seed, clock), clock, made_on=LAST_DAY)) for seed in SEEDS]
    return [_ratio(judged), _coverage(judged, 80, bar=5.0), _coverage(judged, 95, bar=3.0), _cost()]


def daily_efficiency(seed: int, clock: PlantClock) -> pd.DataFrame:
    """Daily efficiency of each line of a demo factory over ``DAYS`` calendar days, as the warehouse would sum it."""
    factory = Factory(seed=seed, scale=1.0, clock=clock)
    days = clock.working_days(LAST_DAY - timedelta(days=DAYS - 1), LAST_DAY)
    raw = pd.concat([factory.production(day).assign(production_day=day) for day in days])
    raw = raw[raw["Eff100"] > 0].rename(columns=_KEYS)
    for name in _KEYS.values():
        raw[name] = raw[name].str.split().str.join(" ")
    sums = raw.groupby(["production_day", *_KEYS.values()], as_index=False)[["ProdnPcs", "Eff100"]].sum()
    return sums.assign(efficiency_pct=100 * sums["ProdnPcs"] / sums["Eff100"])


def _ratio(judged: list[Judged]) -> dict[str, Any]:
    worst = max(judged, key=lambda one: one.result.metrics.ratio or float("inf"))
    metrics = worst.result.metrics
    detail = (
        f"worst of {len(judged)} demo factories (seed {worst.seed}): {metrics.mae_model:.2f} against "
        f"{metrics.mae_naive:.2f} points on {metrics.rows} line-days, {metrics.windows} windows, 1 to 7 days ahead"
    )
    return entry("forecast error / seasonal naive error", metrics.ratio, 0.999, detail)


def _coverage(judged: list[Judged], level: int, bar: float) -> dict[str, Any]:
    """Distance between what the interval promises and how often it holds, over all factories."""
    held = coverage(pd.concat([one.result.frame for one in judged]), level)
    spread = sorted(round(coverage(one.result.frame, level) or 0.0, 1) for one in judged)
    off = None if held is None else abs(held - level)
    detail = f"covers {held:.1f} % over {len(judged)} demo factories; each alone {spread[0]} to {spread[-1]} %"
    return entry(f"forecast {level} % interval: distance from {level} %", off, bar, detail, unit="points")


def _cost() -> dict[str, Any]:
    """Backtest, training and forecast of the default demo factory in a fresh interpreter, imports included.

    In seconds of processor time, which a busy machine does not stretch.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "from benchmarks.forecast import work; work()"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    detail = f"fresh interpreter, imports included; 16 windows, {DAYS} days, 8 lines"
    return entry("forecast: backtest, train, forecast", taken, 10.0, detail, unit="CPU s")


def work() -> None:
    """What the nightly job computes, without the database."""
    clock = PlantSettings().clock()
    daily = daily_efficiency(SEEDS[0], clock)
    judged = backtest(daily, clock, made_on=LAST_DAY)
    model = train(daily, clock, made_on=LAST_DAY, margins=judged.margins)
    forecast(daily, clock, made_on=LAST_DAY, model=model)


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
