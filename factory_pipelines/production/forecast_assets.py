"""The efficiency model and what it says about the next seven production days."""

from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pandas as pd

from factory_pipelines.orchestration.plots import as_markdown, new_figure
from factory_pipelines.production.assets import OWNERS, line_output
from factory_pipelines.production.automation import closed_day
from factory_pipelines.production.resources import ModelRegistryFactory
from factory_pipelines.production.tables import EFFICIENCY_BACKTEST, EFFICIENCY_FORECAST
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

MODEL_KEY = dg.AssetKey(["production", "efficiency_model"])


@dg.asset(
    key=MODEL_KEY,
    deps=[line_output],
    group_name="production",
    kinds={"lightgbm", "mlflow"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/table_name": "production.efficiency_backtest"},
)
def efficiency_model(
    warehouse: dg.ResourceParam[Warehouse], models: dg.ResourceParam[ModelRegistryFactory]
) -> dg.MaterializeResult[Any]:
    """A model of each line's efficiency, judged on a rolling backtest against last week's same day.

    The champion in MLflow changes only for a model that beats both the naive and the champion before it. The backtest's
    rows are in `production.efficiency_backtest`.
    """
    from factory_pipelines.production.training import train_and_judge

    made_on, daily = _history(warehouse)
    training = train_and_judge(models(), daily, load_settings().plant.clock(), made_on=made_on)
    _replace(warehouse, EFFICIENCY_BACKTEST.name, training.backtest.frame, day_column=None, day=None)
    metrics = training.backtest.metrics
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(training.backtest.frame),
            "trained_on": made_on.isoformat(),
            "version": training.version or "none: too little history",
            "promoted": training.promoted,
            "served_by": training.serving.served_by,
            "why": training.serving.reason,
            "mae_model_pct_points": _known(metrics.mae_model),
            "mae_naive_pct_points": _known(metrics.mae_naive),
            "coverage_80_pct": _known(metrics.coverage_80),
            "coverage_95_pct": _known(metrics.coverage_95),
            "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in training.notes) or "none"),
        },
    )


@dg.asset(
    key=EFFICIENCY_FORECAST.key,
    deps=[efficiency_model, line_output],
    group_name="production",
    kinds={"lightgbm", "timescaledb"},
    owners=OWNERS,
    code_version="1",
    metadata=EFFICIENCY_FORECAST.metadata(),
)
def efficiency_forecast(
    warehouse: dg.ResourceParam[Warehouse], models: dg.ResourceParam[ModelRegistryFactory]
) -> dg.MaterializeResult[Any]:
    """Efficiency of each line on the next seven production days, with 80 and 95 % intervals.

    Made by the champion; by last week's same day where no model beats it, and then `served_by` says so.
    """
    from factory_pipelines.production.forecast import forecast
    from factory_pipelines.production.training import served_model

    made_on, daily = _history(warehouse)
    served = served_model(models())
    result = forecast(
        daily, load_settings().plant.clock(), made_on=made_on, model=served.model, model_version=served.version
    )
    _replace(warehouse, EFFICIENCY_FORECAST.name, result.frame, day_column="made_on", day=made_on)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(result.frame),
            "made_on": made_on.isoformat(),
            "why": served.reason,
            "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in result.notes) or "none"),
            "forecast": _forecast_plot(daily, result.frame),
        }
    )


def _history(warehouse: Warehouse) -> tuple[date, pd.DataFrame]:
    """The last closed production day, and the lines of the last 400 days until then."""
    made_on = closed_day(load_settings(), datetime.now(UTC))
    return made_on, warehouse.frame("production/line_history", {"made_on": made_on})


def _replace(warehouse: Warehouse, table: str, df: pd.DataFrame, *, day_column: str | None, day: date | None) -> None:
    from psycopg import sql

    from factory_pipelines.warehouse.copy import copy_frame
    from factory_pipelines.warehouse.slices import replacing_slice

    target = sql.Identifier("production", table)
    with replacing_slice(warehouse, target, day_column=day_column, first=day, last=day) as conn:
        copy_frame(conn, target, df)


def _known(value: float | None) -> float | dg.NullMetadataValue:
    return dg.MetadataValue.null() if value is None else round(value, 3)


def _forecast_plot(daily: pd.DataFrame, ahead: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """Small multiples: each line's last four weeks, what is forecast and how sure that is."""
    lines = sorted(ahead["line_name"].unique())[:8]
    from matplotlib.dates import DateFormatter
    from matplotlib.ticker import MaxNLocator

    figure, _ = new_figure("Efficiency, %: four weeks, and the next seven production days", height_in=4.4)
    figure.clear()
    figure.suptitle("Efficiency, %: four weeks, and the next seven production days", x=0.01, ha="left", fontsize=11)
    grid = figure.subplots(2, 4, sharey=True)
    for axes, line in zip(grid.flat, lines, strict=False):
        past = daily[daily["line_name"] == line].tail(24)
        future = ahead[ahead["line_name"] == line].dropna(subset=["efficiency_pct"])
        axes.plot(past["production_day"], past["efficiency_pct"], linewidth=1, color="#555555")
        axes.plot(future["production_day"], future["efficiency_pct"], linewidth=1.4, color="#1f5fb4")
        for share, alpha in ((95, 0.15), (80, 0.3)):
            band = future.dropna(subset=[f"lo_{share}"])
            if band.empty:  # a line without history has no intervals, and matplotlib no picture of nothing
                continue
            low, high = band[f"lo_{share}"].astype(float), band[f"hi_{share}"].astype(float)
            axes.fill_between(band["production_day"], low, high, color="#1f5fb4", alpha=alpha, linewidth=0)
        axes.set_title(line, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter(DateFormatter("%d %b"))  # type: ignore[no-untyped-call]
        axes.spines[["top", "right"]].set_visible(False)
    for axes in list(grid.flat)[len(lines) :]:
        axes.set_visible(False)
    return as_markdown(figure, "Efficiency of each line and its forecast")
