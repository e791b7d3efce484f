from datetime import UTC, datetime, timedelta

import pandas as pd

from factory_pipelines.demo.headcount_scores import headcount_scores, reset_balance

MORNING = datetime(2025, 11, 19, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MORNING + timedelta(hours=hours)


def crossings(*ways: tuple[float, str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "observed_at": pd.Series([at(hours) for hours, _, _ in ways], dtype="datetime64[us, UTC]"),
            "direction": [direction for _, direction, _ in ways],
            "people": [people for _, _, people in ways],
        }
    )


def test_a_balance_adds_up_stays_above_zero_and_is_reset() -> None:
    ways = crossings((1, "in", 3), (2, "out", 1), (5, "out", 9), (6, "in", 2))
    moments = [at(0), at(1), at(3), at(5), at(6), at(8)]
    assert reset_balance(ways, moments, [at(7)], 4) == [4, 7, 6, 0, 2, 0]


def test_nobody_passed_is_a_balance_too() -> None:
    assert reset_balance(crossings(), [at(0), at(2)], [at(1)], 4) == [4, 0]


def test_the_estimate_stands_beside_the_reset() -> None:
    course = pd.DataFrame({"true": [100, 200, 100], "people": [101.0, 199.0, None], "reset": [130, 170, 0]})
    error, below = headcount_scores(course)
    assert (error.value, error.bar, error.met) == (0.67, 2.0, True)
    assert "1 more were unknown; door balances that are reset at 03:00 err 20.0 %" in error.detail
    assert (below.value, below.met) == (0.0, True)


def test_without_estimates_nothing_is_known() -> None:
    for course in (pd.DataFrame(), pd.DataFrame({"at": [], "people": [], "true": [], "reset": []})):
        assert [(score.value, score.met) for score in headcount_scores(course)] == [(None, None), (None, None)]
