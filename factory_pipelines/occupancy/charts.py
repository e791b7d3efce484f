"""Plots of occupancy, beside the tables they come from; where nothing was observed, nothing is drawn."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from factory_pipelines.orchestration.plots import as_markdown, new_figure
from factory_pipelines.warehouse.pool import Warehouse

_MOST_AREAS = 8


def day_plot(warehouse: Warehouse, day: date, zone: ZoneInfo) -> dg.MarkdownMetadataValue:
    """Average people of the busiest areas by hour of ``day``, the band from fewest to most behind."""
    df = warehouse.frame("occupancy/hours_of_day", {"day": day, "most": _MOST_AREAS})
    figure, axes = new_figure(f"People inside by hour, {day}")
    for number, (area, hours) in enumerate(df.groupby("area_id", sort=False)):
        times = [at.astimezone(zone).replace(tzinfo=None) for at in hours["hour_start"]]
        figures = hours[["avg_occupancy", "min_occupancy", "max_occupancy"]].astype(float)
        axes.plot(times, figures["avg_occupancy"], drawstyle="steps-post", color=f"C{number}", label=str(area))
        low, high = figures["min_occupancy"], figures["max_occupancy"]
        axes.fill_between(times, low, high, step="post", alpha=0.15, color=f"C{number}")
    _finish(axes, "people", has_series=not df.empty)
    return as_markdown(figure, f"People inside by hour and area, {day}")


def month_plot(warehouse: Warehouse, month: date) -> dg.MarkdownMetadataValue:
    """Most people inside on each day of ``month``, by area."""
    df = warehouse.frame("occupancy/days_of_month", {"month": month, "most": _MOST_AREAS})
    figure, axes = new_figure(f"Most people inside by day, {month:%Y-%m}")
    for number, (area, days) in enumerate(df.groupby("area_id", sort=False)):
        figures = days["max_occupancy"].astype(float)
        axes.plot(days["production_day"], figures, marker=".", color=f"C{number}", label=str(area))
    _finish(axes, "most people", has_series=not df.empty)
    return as_markdown(figure, f"Most people inside by day and area, {month:%Y-%m}")


def _finish(axes: Any, label: str, *, has_series: bool) -> None:
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="x", labelrotation=30, labelsize=8)
    if has_series:
        axes.legend(loc="upper left", frameon=False, fontsize=8)
