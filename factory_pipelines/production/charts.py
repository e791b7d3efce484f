"""Plots a supervisor would want to see, beside the tables they come from."""

from datetime import date
from typing import Any

import dagster as dg

from factory_pipelines.orchestration.plots import as_markdown, new_figure
from factory_pipelines.warehouse.pool import Warehouse

BAND_COLOURS = {
    "Excellent": "#1a7f37",
    "Good": "#7fbf6a",
    "Needs Improvement": "#e3a008",
    "Critical": "#c81e1e",
}
_TARGET_PCT = 85


def people_by_band(warehouse: Warehouse, day: date) -> dg.MarkdownMetadataValue:
    """Bars: people of each line by band, on ``day``."""
    df = warehouse.frame("production/people_by_band", {"day": day})
    figure, axes = new_figure(f"People by band, {day}")
    counts = df.pivot_table(index="line_name", columns="band", values="people", aggfunc="sum", fill_value=0)
    left = None
    for band, colour in BAND_COLOURS.items():
        if band in counts:
            axes.barh(counts.index, counts[band], left=left, color=colour, label=band)
            left = counts[band] if left is None else left + counts[band]
    axes.grid(visible=False)
    if left is not None:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False, fontsize=8)
    return as_markdown(figure, f"People by band and line, {day}")


def lines_of_day(warehouse: Warehouse, day: date, *, with_trend: bool) -> dict[str, Any]:
    """Efficiency of each line on ``day``; with the trend, also over the four weeks until then."""
    df = warehouse.frame("production/lines_until", {"day": day})
    plots: dict[str, Any] = {"efficiency_by_line": _bars(df[df["production_day"] == day], day)}
    if with_trend:
        plots["efficiency_trend"] = _trend(df, day)
    return plots


def _bars(lines: Any, day: date) -> dg.MarkdownMetadataValue:
    figure, axes = new_figure(f"Efficiency by line, {day}")
    known = lines.dropna(subset=["efficiency_pct"]).sort_values("efficiency_pct")
    colours = ["#c81e1e" if value < _TARGET_PCT else "#1a7f37" for value in known["efficiency_pct"]]
    bars = axes.bar(known["line_name"], known["efficiency_pct"], color=colours)
    axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.axhline(_TARGET_PCT, color="#555555", linewidth=1, linestyle="--")
    axes.set_ylabel("efficiency, %")
    return as_markdown(figure, f"Efficiency by line, {day}")


def _trend(lines: Any, day: date) -> dg.MarkdownMetadataValue:
    figure, axes = new_figure(f"Efficiency of each line, four weeks to {day}")
    for name, line in lines.dropna(subset=["efficiency_pct"]).groupby("line_name"):
        axes.plot(line["production_day"], line["efficiency_pct"], marker=".", linewidth=1, label=str(name))
    axes.axhline(_TARGET_PCT, color="#555555", linewidth=1, linestyle="--")
    axes.set_ylabel("efficiency, %")
    if axes.lines[1:]:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
        figure.autofmt_xdate(rotation=30)
    return as_markdown(figure, f"Efficiency of each line until {day}")
