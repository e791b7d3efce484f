from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from factory_pipelines.demo.hindsight import Hearing, Replay, Spell, Told
from factory_pipelines.demo.scores import (
    Score,
    alert_scores,
    backtest_scores,
    forecast_scores,
    quarantine_score,
    reconciliation_scores,
)
from factory_pipelines_tests.unit.demo.conftest import WORKDAY

NOON = datetime(2025, 11, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def by_name(scores: list[Score]) -> dict[str, Score]:
    return {score.name: score for score in scores}


def replay_of(digest: Told, *, breaches: int = 2) -> Replay:
    spells = [Spell(WORKDAY, frozenset({f"emp:{n}"}), NOON, NOON + HOUR) for n in range(breaches)]
    seed = Told(100, 10, 8, 1, [Hearing(f"emp:{n}", NOON, NOON + HOUR) for n in range(breaches)])
    return Replay([WORKDAY], 72, {"seed": seed, "digest": digest}, spells, spells)


def test_a_good_digest_meets_every_bar() -> None:
    hearings = [Hearing(f"emp:{n}", NOON + timedelta(minutes=10), NOON + HOUR) for n in range(2)]
    scores = by_name(alert_scores(replay_of(Told(4, 10, 9, 0, hearings))))
    assert {name: score.value for name, score in scores.items()} == {
        "alert_messages_saved": 96.0,
        "long_breaches_delivered": 100.0,
        "alert_precision": 90.0,
        "alerts_plainly_wrong": 0.0,
        "alert_recall": 100.0,
    }
    assert all(score.met for score in scores.values())
    assert "10 minutes after the start" in scores["long_breaches_delivered"].detail


def test_a_deaf_chatty_or_wrong_digest_misses_them() -> None:
    scores = by_name(alert_scores(replay_of(Told(11, 10, 7, 3, [Hearing("emp:0", NOON, NOON + HOUR)]))))
    assert {name: score.value for name, score in scores.items()} == {
        "alert_messages_saved": 89.0,
        "long_breaches_delivered": 50.0,
        "alert_precision": 70.0,
        "alerts_plainly_wrong": 3.0,
        "alert_recall": 50.0,
    }
    assert not any(score.met for score in scores.values())


def test_nothing_to_measure_is_unknown() -> None:
    empty = Replay([], 0, {"seed": Told(), "digest": Told()}, [], [])
    for score in alert_scores(empty):
        assert (score.value, score.met) == (None, None), score.name


def lines(**changed: list[float | None]) -> pd.DataFrame:
    columns = {
        "pulled_pcs": [100.0, 200.0],
        "computed_pcs": [100.0, 200.0],
        "output_pcs": [10.0, 20.0],
        "true_pcs": [100.0, 200.0],
        "true_output_pcs": [10.0, 20.0],
    }
    return pd.DataFrame({**columns, **changed}, dtype="float64")


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, set()),
        ({"pulled_pcs": [100, 201]}, {"pieces_pulled_exactly"}),
        ({"computed_pcs": [None, 200]}, {"pieces_computed_exactly"}),
        ({"output_pcs": [10, None]}, {"line_output_exact"}),
        ({"true_pcs": [None, 200]}, {"pieces_pulled_exactly", "pieces_computed_exactly"}),
    ],
)
def test_a_piece_too_many_or_too_few_is_seen(changed: dict[str, list[float | None]], missed: set[str]) -> None:
    scores = reconciliation_scores(lines(**changed), unfinished_days=0)
    assert {score.name for score in scores if not score.met} == missed
    assert {score.value for score in scores if not score.met} <= {50.0}


def test_reconciliation_says_what_it_left_out() -> None:
    assert "3 days whose last pull" in reconciliation_scores(lines(), unfinished_days=3)[0].detail
    assert reconciliation_scores(lines().head(0), unfinished_days=3)[0].value is None


def test_quarantine_counts_both_errors() -> None:
    assert quarantine_score({("a",), ("b",)}, {("a",), ("b",)}).met is True
    off = quarantine_score({("a",), ("x",)}, {("a",), ("b",)})
    assert (off.value, off.met) == (33.33, False)
    assert "1 of them were not, and 1 good ones were" in off.detail
    assert quarantine_score(set(), set()).value is None


def forecasts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "efficiency_pct": [90.0, 80.0, 70.0],
            "true_pct": [91.0, 83.0, None],
            "naive_pct": [94.0, 80.0, 70.0],
            "lo_80": [88.0, 79.0, 60.0],
            "hi_80": [92.0, 82.0, 80.0],
            "lo_95": [80.0, None, 60.0],
            "hi_95": [99.0, None, 80.0],
            "served_by": ["lightgbm", "lightgbm", "lightgbm"],
        }
    )


def test_forecast_error_is_held_against_the_naive() -> None:
    scores = by_name(forecast_scores(forecasts()))
    error = scores["forecast_error"]
    assert (error.value, error.bar, error.met) == (2.0, 3.0, True)
    assert "2 line-days" in error.detail
    assert "lightgbm" in error.detail
    assert (scores["forecast_coverage_80"].value, scores["forecast_coverage_80"].met) == (50.0, False)
    assert scores["forecast_coverage_95"].value == 100.0


def test_no_forecast_is_unknown() -> None:
    for score in forecast_scores(forecasts().head(0)):
        assert (score.value, score.met) == (None, None)


def test_backtest_uses_its_own_actual_values() -> None:
    windows = forecasts().rename(columns={"efficiency_pct": "model_pct", "true_pct": "actual_pct"}).dropna()
    scores = by_name(backtest_scores(windows))
    assert scores["backtest_error"].value == 1.0
    assert scores["backtest_error"].bar == 3.0
