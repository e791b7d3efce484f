"""Who forecasts: the champion, a challenger, or plainly last week's same day. Pure judgement, no registry.

The champion changes only for a challenger that beats the seasonal naive and the present champion on the same rows of
the same rolling backtest. The champion is judged on windows that began after it was trained; while there is none,
nothing speaks against it and it stays. A champion that no longer beats the naive is not served.
"""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from factory_pipelines.production.forecast import Metrics

ServedBy = Literal["lightgbm", "seasonal_naive"]


@dataclass(frozen=True)
class Serving:
    """What is served, and why.

    Attributes:
        served_by: which kind of forecast.
        version: registry version of the model; None when the naive is served.
        reason: one sentence for people, with the figures.
        judged_on: production day of the judgement, ISO.
    """

    served_by: ServedBy
    version: str | None
    reason: str
    judged_on: str


@dataclass(frozen=True)
class Verdict:
    """What a judgement decides: whether the challenger becomes champion, who is served, and why."""

    promote: bool
    served_by: ServedBy
    reason: str


def judge(challenger: Metrics, champion: str | None, fair: pd.DataFrame | None) -> Verdict:
    """Compare challenger, champion and seasonal naive by mean absolute error.

    Args:
        challenger: its scores on the whole backtest; without rows there is no challenger.
        champion: version of the present champion, None without one.
        fair: rows of the backtest that the champion had not seen: ``actual_pct``, ``model_pct`` (the challenger),
            ``naive_pct``, ``champion_pct``. None or empty when there are none.
    """
    model, naive = challenger.mae_model, challenger.mae_naive
    if champion is None:
        if model is None or naive is None:
            return Verdict(False, "seasonal_naive", "too little history to judge a model: the seasonal naive is served")
        figures = f"mean error {model:.2f} against {naive:.2f} points of the seasonal naive"
        if model < naive:
            return Verdict(True, "lightgbm", f"first champion: {figures}")
        return Verdict(False, "seasonal_naive", f"the model does not beat the seasonal naive ({figures}): it is served")
    if fair is None or fair.empty:
        reason = f"champion {champion} stays: no backtest window began since it was trained"
        return Verdict(False, "lightgbm", reason)
    return _judge_champion(challenger, champion, fair)


def _judge_champion(challenger: Metrics, champion: str, fair: pd.DataFrame) -> Verdict:
    errors = {name: (fair["actual_pct"] - fair[f"{name}_pct"]).abs().mean() for name in ("model", "champion", "naive")}
    figures = (
        f"mean error on {len(fair)} line-days: challenger {errors['model']:.2f}, "
        f"champion {champion} {errors['champion']:.2f}, seasonal naive {errors['naive']:.2f} points"
    )
    beats_naive_overall = challenger.ratio is not None and challenger.ratio < 1
    if beats_naive_overall and errors["model"] < min(errors["champion"], errors["naive"]):
        return Verdict(True, "lightgbm", f"new champion: {figures}")
    if errors["champion"] < errors["naive"]:
        return Verdict(False, "lightgbm", f"champion {champion} stays: {figures}")
    return Verdict(False, "seasonal_naive", f"no model beats the seasonal naive, so it is served: {figures}")
