"""Scores of the headcount: our estimate and door balances that are reset at 03:00, against the truth. Pure."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from factory_pipelines.demo.scores import Score, made_score

MOST_ERROR_PCT = 2.0
"""The estimate's error is to be at most this (issue 3)."""


def headcount_scores(course: pd.DataFrame) -> list[Score]:
    """Error of the plant's headcount, and how often the estimate lies below zero.

    Args:
        course: one row a moment: true (people inside), people (by our estimate; null where unknown), reset (by door
            balances that are set to zero every night). Empty where nothing was estimated.
    """
    known = course.dropna(subset=["people"]) if len(course) else pd.DataFrame(columns=["true", "people", "reset"])
    ours, theirs = (_relative_pct(known[name], known["true"]) for name in ("people", "reset"))
    mean = 0.0 if known.empty else float(known["true"].mean())
    unknown = len(course) - len(known)
    return [
        made_score(
            "headcount_error",
            ours,
            "%",
            MOST_ERROR_PCT,
            "at_most",
            f"mean absolute error over the mean headcount ({mean:.0f} people) at {len(known)} moments, {unknown} more"
            f" were unknown; door balances that are reset at 03:00 err {0.0 if theirs is None else theirs:.1f} %",
        ),
        made_score(
            "headcount_below_zero",
            None if known.empty else float((known["people"].astype(float) < 0).sum()),
            "moments",
            0.0,
            "at_most",
            f"least headcount given: {0.0 if known.empty else float(known['people'].min()):.1f}",
        ),
    ]


def reset_balance(
    crossings: pd.DataFrame, moments: Sequence[datetime], resets: Sequence[datetime], start_people: int
) -> list[int]:
    """People inside by one area's doors alone: ways in less ways out, never below zero, zero at every reset.

    Args:
        crossings: observed_at, direction and people of the area's doors, in any order.
        moments: when it is asked, in order; crossings at the very moment count.
        resets: when it is set to zero, in order.
        start_people: inside before the first crossing.
    """
    ordered = crossings.sort_values("observed_at", kind="stable")
    steps = np.where(ordered["direction"] == "in", ordered["people"], -ordered["people"]).tolist()
    events = sorted(
        [
            *((at, 0, step) for at, step in zip(ordered["observed_at"].dt.to_pydatetime(), steps, strict=True)),
            *((at, 1, 0) for at in resets),
            *((at, 2, 0) for at in moments),
        ],
        key=lambda event: event[:2],
    )
    inside, asked = start_people, []
    for _, kind, step in events:
        if kind == 2:
            asked.append(inside)
        inside = max(inside + step, 0) if kind == 0 else 0 if kind == 1 else inside
    return asked


def _relative_pct(estimate: pd.Series, true: pd.Series) -> float | None:
    """Mean absolute error in percent of the mean truth."""
    if true.empty or not true.sum():
        return None
    return float((estimate.astype(float) - true).abs().sum() / true.sum() * 100.0)
