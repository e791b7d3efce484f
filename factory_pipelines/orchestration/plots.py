"""Plots for the Dagster UI: a picture inlined as Markdown, small enough for the event log."""

import base64
import io
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def new_figure(title: str, *, width_in: float = 8.0, height_in: float = 3.6) -> "tuple[Figure, Axes]":
    """An empty figure in the house style, drawn off screen and without global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def as_markdown(figure: "Figure", alt: str) -> dg.MarkdownMetadataValue:
    """The figure as metadata the UI shows inline; in 32 colours, because the event log keeps it for a month."""
    from PIL import Image

    drawn, buffer = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=80)
    Image.open(drawn).convert("RGB").quantize(32).save(buffer, format="png", optimize=True)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{encoded})")
