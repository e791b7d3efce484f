"""Plots of the scoreboard."""

import dagster as dg
import pandas as pd

from factory_pipelines.demo.hindsight import Replay
from factory_pipelines.orchestration.plots import as_markdown, new_figure

_GOOD, _BAD, _PLAIN = "#1a7f37", "#c81e1e", "#1f5fb4"


def messages(replay: Replay) -> dg.MarkdownMetadataValue:
    """Bars: messages of the seed's rule and of the digest over the same pulls."""
    figure, axes = new_figure(f"Messages over {replay.pulls} pulls of {len(replay.days)} days", height_in=2.2)
    sent = {"seed's rule": replay.told["seed"].messages, "digest": replay.told["digest"].messages}
    bars = axes.barh(list(sent), list(sent.values()), color=[_BAD, _GOOD])
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=9, padding=3)
    axes.grid(visible=False)
    return as_markdown(figure, "Messages sent by the seed's rule and by the digest")


def forecast_against_truth(forecasts: pd.DataFrame) -> dg.MarkdownMetadataValue:
    """Points: each forecast line-day against what the simulator knows will happen, with its 80 % interval."""
    known = forecasts.dropna(subset=["true_pct"])
    figure, axes = new_figure("Forecast against the simulated future, efficiency %", width_in=5.0, height_in=4.2)
    if known.empty:
        axes.text(0.5, 0.5, "nothing forecast yet", ha="center", transform=axes.transAxes)
        return as_markdown(figure, "No forecast to compare yet")
    bounded = known.dropna(subset=["lo_80", "hi_80"])
    axes.vlines(
        bounded["true_pct"], bounded["lo_80"].astype(float), bounded["hi_80"].astype(float), color=_PLAIN, alpha=0.25
    )
    axes.plot(known["true_pct"], known["efficiency_pct"].astype(float), ".", color=_PLAIN)
    ends = [float(known["true_pct"].min()), float(known["true_pct"].max())]
    axes.plot(ends, ends, color="#555555", linewidth=1, linestyle="--")
    axes.set_xlabel("true")
    axes.set_ylabel("forecast")
    return as_markdown(figure, "Forecast efficiency against the simulated future")
