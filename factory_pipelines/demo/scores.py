"""Scores: measured values beside their bars, from evidence that others gathered. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from factory_pipelines.demo.hindsight import Replay, Spell, Told


@dataclass(frozen=True)
class Score:
    """One line of the scoreboard.

    Attributes:
        name: stable, with the unit's word in it.
        value: what was measured; None when there was nothing to measure.
        unit: of value and bar.
        bar: what it is held against; None for a value that is only told.
        met: whether the bar is met; None without value or bar.
        detail: in words: what was compared, over what, and what the error is.
    """

    name: str
    value: float | None
    unit: str
    bar: float | None
    met: bool | None
    detail: str


def alert_scores(replay: "Replay") -> list[Score]:
    """Messages, delivery, precision and recall of the replayed policies."""
    return [*_attention_scores(replay), *_judgement_scores(replay)]


def _attention_scores(replay: "Replay") -> list[Score]:
    """How many messages, and whether every long breach got through."""
    digest, seed = replay.told["digest"], replay.told["seed"]
    long_breaches = [spell for spell in replay.breaches if spell.is_long]
    heard = [digest.heard_at(spell) for spell in long_breaches]
    waits = [(at - spell.start).total_seconds() / 60 for at, spell in zip(heard, long_breaches, strict=True) if at]
    over = f"{replay.pulls} pulls of {', '.join(day.isoformat() for day in replay.days)}"
    return [
        made_score(
            "alert_messages_saved",
            share(seed.messages - digest.messages, seed.messages),
            "%",
            90.0,
            "at_least",
            f"digest sent {digest.messages} messages where the seed's rule sends {seed.messages}, over {over}",
        ),
        made_score(
            "long_breaches_delivered",
            share(sum(at is not None for at in heard), len(heard)),
            "%",
            100.0,
            "at_least",
            f"{len(heard)} breaches of 30 minutes or more, by an independent calculation on clean rows"
            + (f"; the message came {median(waits):.0f} minutes after the start (median)" if waits else ""),
        ),
    ]


def _judgement_scores(replay: "Replay") -> list[Score]:
    """Whether the alerts were true, and whether what was true was told."""
    digest, seed = replay.told["digest"], replay.told["seed"]
    behind = [spell for spell in replay.behind if spell.is_long]
    seed_recall = share(_heard(seed, behind), len(behind))
    return [
        made_score(
            "alert_precision",
            share(digest.true_alerts, digest.alerts),
            "%",
            80.0,
            "at_least",
            f"{digest.true_alerts} of {digest.alerts} alerts were about somebody truly below the threshold at that"
            f" moment (seed: {seed.true_alerts} of {seed.alerts}); the others lack less than a piece or two",
        ),
        made_score(
            "alerts_plainly_wrong",
            float(digest.wrong_alerts) if digest.alerts else None,
            "alerts",
            0.0,
            "at_most",
            "about somebody above the threshold by more than the rounding to whole pieces explains",
        ),
        made_score(
            "alert_recall",
            share(_heard(digest, behind), len(behind)),
            "%",
            None if seed_recall is None else round(0.9 * seed_recall, 1),
            "at_least",
            f"of {len(behind)} times somebody was truly below the threshold for 30 minutes; the bar is nine tenths of"
            " what the seed's rule reaches, which is blind where nobody else does the operation better",
        ),
    ]


def recorded_alert_score(alerts: int, true: int) -> Score:
    """Alerts that stand in the warehouse against the truth at the moment each was opened."""
    detail = (
        f"{true} of {alerts} alerts in the warehouse were opened about somebody truly below the threshold then,"
        " give or take the piece on the machine"
    )
    return made_score("recorded_alert_precision", share(true, alerts), "%", 95.0, "at_least", detail)


def reconciliation_scores(lines: pd.DataFrame, unfinished_days: int) -> list[Score]:
    """Pieces of every line and day, ours against true.

    Args:
        lines: one row per line and finished day: pulled_pcs, computed_pcs, output_pcs (ours, null where missing) and
            true_pcs, true_output_pcs (null where the truth knows no such line).
        unfinished_days: days left out, because their last pull came before their end.
    """
    left_out = f"; {unfinished_days} days whose last pull came before their end are left out" if unfinished_days else ""
    scores = []
    for name, ours, true, what in (
        ("pieces_pulled_exactly", "pulled_pcs", "true_pcs", "raw table"),
        ("pieces_computed_exactly", "computed_pcs", "true_pcs", "production.line_output"),
        ("line_output_exact", "output_pcs", "true_output_pcs", "final pieces in production.line_output"),
    ):
        exact = int((lines[ours] == lines[true]).sum())
        off = (lines[ours].fillna(0) - lines[true].fillna(0)).abs().sum()
        detail = f"{what}: {exact} of {len(lines)} line-days equal the truth; {off:.0f} pieces off in all{left_out}"
        scores.append(made_score(name, share(exact, len(lines)), "%", 100.0, "at_least", detail))
    return scores


def quarantine_score(found: set[tuple[object, ...]], true: set[tuple[object, ...]]) -> Score:
    """Rows refused against rows that had to be refused; value: intersection over union."""
    detail = (
        f"{len(true)} rows had to be refused; {len(true - found)} of them were not,"
        f" and {len(found - true)} good ones were"
    )
    return made_score("refused_rows_exact", share(len(found & true), len(found | true)), "%", 100.0, "at_least", detail)


def forecast_scores(forecasts: pd.DataFrame) -> list[Score]:
    """The served forecast against the simulated future.

    Args:
        forecasts: one row per forecast, line and day: efficiency_pct, lo_80, hi_80, lo_95, hi_95, true_pct and
            naive_pct (the same weekday's last known value), served_by.
    """
    known = forecasts.dropna(subset=["true_pct", "naive_pct"])
    servers = ", ".join(sorted(set(known["served_by"]))) or "nobody"
    over = f"{len(known)} line-days of the simulated future, served by {servers}"
    return [
        _error("forecast_error", known, "efficiency_pct", "true_pct", over),
        _coverage("forecast_coverage_80", known, "true_pct", 80, 70.0, over),
        _coverage("forecast_coverage_95", known, "true_pct", 95, 85.0, over),
    ]


def backtest_scores(windows: pd.DataFrame) -> list[Score]:
    """The model in the rolling backtest of its last training (columns of production.efficiency_backtest)."""
    over = f"{len(windows)} line-days of the rolling backtest"
    return [
        _error("backtest_error", windows, "model_pct", "actual_pct", over),
        _coverage("backtest_coverage_80", windows, "actual_pct", 80, 70.0, over),
        _coverage("backtest_coverage_95", windows, "actual_pct", 95, 85.0, over),
    ]


def _error(name: str, rows: pd.DataFrame, ours: str, true: str, over: str) -> Score:
    if rows.empty:
        return made_score(name, None, "points", None, "at_most", "nothing forecast yet")
    error = float((rows[ours] - rows[true]).abs().mean())
    naive = float((rows["naive_pct"] - rows[true]).abs().mean())
    detail = f"mean absolute error over {over}; the bar is the error of the seasonal naive"
    return made_score(name, error, "points", round(naive, 2), "at_most", detail)


def _coverage(name: str, rows: pd.DataFrame, true: str, level: int, bar: float, over: str) -> Score:
    bounded = rows.dropna(subset=[f"lo_{level}", f"hi_{level}"])
    inside = bounded[true].between(bounded[f"lo_{level}"], bounded[f"hi_{level}"])
    detail = f"share inside the {level} % interval, over {over}" if len(bounded) else "no interval yet"
    return made_score(name, share(int(inside.sum()), len(bounded)), "%", bar, "at_least", detail)


def _heard(told: "Told", spells: "Sequence[Spell]") -> int:
    return sum(told.heard_at(spell) is not None for spell in spells)


def share(part: float, whole: float) -> float | None:
    """Percent of ``whole``; None where there is no whole."""
    return part / whole * 100.0 if whole else None


def made_score(
    name: str, value: float | None, unit: str, bar: float | None, side: Literal["at_least", "at_most"], detail: str
) -> Score:
    """A score, met or not by its bar; unknown where there is no value."""
    met: bool | None = None
    if value is not None and bar is not None:
        met = value >= bar if side == "at_least" else value <= bar
    return Score(name, None if value is None else round(value, 2), unit, bar, met, detail)
