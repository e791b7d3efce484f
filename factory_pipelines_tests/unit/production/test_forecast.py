from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.forecast import (
    BACKTEST_COLUMNS,
    BOUNDS,
    FORECAST_COLUMNS,
    HORIZON,
    Backtest,
    backtest,
    forecast,
    replay,
    train,
)
from factory_pipelines.production.learner import EfficiencyModel
from factory_pipelines_tests.unit.production.line_history import CLOCK, LAST_DAY, line_history


@pytest.fixture(scope="module")
def daily() -> pd.DataFrame:
    return line_history()


@pytest.fixture(scope="module")
def judged(daily: pd.DataFrame) -> Backtest:
    return backtest(daily, CLOCK, made_on=LAST_DAY)


@pytest.fixture(scope="module")
def model(daily: pd.DataFrame, judged: Backtest) -> EfficiencyModel:
    trained = train(daily, CLOCK, made_on=LAST_DAY, margins=judged.margins)
    assert trained is not None
    return trained


def test_backtest_is_complete_and_in_time_order(judged: Backtest) -> None:
    frame = judged.frame
    assert list(frame.columns) == BACKTEST_COLUMNS
    assert len(frame) == HORIZON * 10 * judged.metrics.windows
    starts = frame[frame["horizon"] == 1].groupby("window_no")["production_day"].first()
    assert starts.is_monotonic_increasing
    assert frame["production_day"].max() == LAST_DAY


def test_the_model_beats_the_naive_on_lines_with_structure(judged: Backtest) -> None:
    assert judged.metrics.ratio is not None
    assert judged.metrics.ratio < 0.9


def test_backtest_intervals_cover_close_to_their_level(judged: Backtest) -> None:
    metrics = judged.metrics
    assert metrics.coverage_80 == pytest.approx(80, abs=6)
    assert metrics.coverage_95 == pytest.approx(95, abs=4)
    assert metrics.naive_coverage_80 == pytest.approx(80, abs=8)
    assert metrics.naive_coverage_95 == pytest.approx(95, abs=4)


def test_the_first_window_has_no_interval_because_no_error_was_known(judged: Backtest) -> None:
    assert judged.frame.loc[judged.frame["window_no"] == 1, BOUNDS].isna().all(axis=None)


def test_changing_the_future_changes_no_earlier_window(daily: pd.DataFrame, judged: Backtest) -> None:
    """Leakage test: rewrite everything after the second window's last known day; its forecasts must stay."""
    second = judged.frame[judged.frame["window_no"] == 2]
    tampered = daily.copy()
    tampered.loc[tampered["production_day"] >= second["production_day"].min(), "efficiency_pct"] = 5.0
    again = backtest(tampered, CLOCK, made_on=LAST_DAY).frame
    columns = ["model_pct", "naive_pct", *BOUNDS]
    left = judged.frame.loc[judged.frame["window_no"] <= 2, columns]
    right = again.loc[again["window_no"] <= 2, columns]
    pd.testing.assert_frame_equal(left, right)


def test_training_is_deterministic(daily: pd.DataFrame, judged: Backtest, model: EfficiencyModel) -> None:
    again = train(daily.sample(frac=1, random_state=1), CLOCK, made_on=LAST_DAY, margins=judged.margins)
    assert again == model


def test_forecast_names_the_next_working_days(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    frame = forecast(daily, CLOCK, made_on=LAST_DAY, model=model, model_version="3").frame
    assert list(frame.columns) == FORECAST_COLUMNS
    assert len(frame) == HORIZON * 10
    first = frame[frame["line_name"] == "S1-0"]
    assert first["production_day"].tolist() == CLOCK.next_working_days(LAST_DAY, HORIZON)
    assert date(2025, 9, 14) not in first["production_day"].tolist()  # a Sunday
    assert set(frame["served_by"]) == {"lightgbm"}
    assert set(frame["model_version"]) == {"3"}
    assert (frame["lo_95"] <= frame["lo_80"]).all()
    assert frame["efficiency_pct"].between(frame["lo_80"], frame["hi_80"]).all()


def test_a_model_made_of_text_forecasts_exactly_the_same(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    restored = EfficiencyModel.load(model.booster, model.card())
    assert restored == model
    left = forecast(daily, CLOCK, made_on=LAST_DAY, model=model).frame
    right = forecast(daily, CLOCK, made_on=LAST_DAY, model=restored).frame
    pd.testing.assert_frame_equal(left, right)


def test_a_model_forecasts_days_it_was_not_trained_on(daily: pd.DataFrame, judged: Backtest) -> None:
    earlier = LAST_DAY - timedelta(days=14)
    old = train(daily, CLOCK, made_on=earlier, margins=judged.margins)
    frame = forecast(daily, CLOCK, made_on=LAST_DAY, model=old, model_version="1").frame
    assert frame["production_day"].min() > LAST_DAY
    assert frame["efficiency_pct"].notna().all()


def test_a_model_grown_on_other_features_is_refused(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    card = model.card().replace('"weekday_weeks": 4', '"weekday_weeks": 3')
    with pytest.raises(ValueError, match="train it again"):
        forecast(daily, CLOCK, made_on=LAST_DAY, model=EfficiencyModel.load(model.booster, card))


def test_short_idle_and_constant_lines_are_served_honestly(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    days = CLOCK.working_days(LAST_DAY - timedelta(days=89), LAST_DAY)
    base = {"unit_code": "U1", "floor_name": "FLOOR-0", "eff100": 1.0}
    extra = pd.concat(
        [
            pd.DataFrame({"production_day": days[-8:], "line_name": "new", "efficiency_pct": 70.0, **base}),
            pd.DataFrame({"production_day": days[:-12], "line_name": "stopped", "efficiency_pct": 70.0, **base}),
            pd.DataFrame({"production_day": days[:-28], "line_name": "closed", "efficiency_pct": 70.0, **base}),
            pd.DataFrame({"production_day": days, "line_name": "constant", "efficiency_pct": 70.0, **base}),
        ]
    )
    result = forecast(pd.concat([daily, extra]), CLOCK, made_on=LAST_DAY, model=model, model_version="1")
    by_line = dict(list(result.frame.groupby("line_name")))
    assert set(by_line["new"]["served_by"]) == {"seasonal_naive"}
    assert by_line["new"]["model_version"].isna().all()
    assert by_line["new"]["efficiency_pct"].eq(70.0).all()
    assert by_line["stopped"][["efficiency_pct", *BOUNDS]].isna().all(axis=None)
    assert by_line["constant"]["efficiency_pct"].to_numpy() == pytest.approx(np.full(HORIZON, 70.0), abs=2)
    assert "closed" not in by_line
    assert not any("closed" in note for note in result.notes)
    assert any("new: history too short" in note for note in result.notes)
    assert any("stopped: stands still" in note for note in result.notes)


def test_without_a_model_the_naive_is_served_with_its_own_intervals(daily: pd.DataFrame) -> None:
    frame = forecast(daily, CLOCK, made_on=LAST_DAY, model=None).frame
    assert set(frame["served_by"]) == {"seasonal_naive"}
    assert frame[BOUNDS].notna().all(axis=None)
    line = frame[(frame["line_name"] == "S1-3") & (frame["horizon"] == 1)].iloc[0]
    then = daily[(daily["line_name"] == "S1-3") & (daily["production_day"] == date(2025, 9, 6))][
        "efficiency_pct"
    ].item()
    assert line["efficiency_pct"] == then


def test_a_holiday_is_skipped_and_weekdays_stay_aligned(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    clock = PlantClock(ZoneInfo("Asia/Kolkata"), holidays=frozenset({date(2025, 9, 16)}))
    frame = forecast(daily, clock, made_on=LAST_DAY, model=model).frame
    assert date(2025, 9, 16) not in set(frame["production_day"])
    naive = forecast(daily, clock, made_on=LAST_DAY, model=None).frame
    row = naive[(naive["line_name"] == "S1-3") & (naive["production_day"] == date(2025, 9, 17))].iloc[0]
    then = daily[(daily["line_name"] == "S1-3") & (daily["production_day"] == date(2025, 9, 10))][
        "efficiency_pct"
    ].item()
    assert row["efficiency_pct"] == then


def test_a_forecast_made_on_a_rest_day_is_that_of_the_day_before(daily: pd.DataFrame, model: EfficiencyModel) -> None:
    saturday, sunday = (
        forecast(daily, CLOCK, made_on=day, model=model).frame.drop(columns="made_on")
        for day in (date(2025, 9, 6), date(2025, 9, 7))
    )
    pd.testing.assert_frame_equal(saturday, sunday)


@pytest.mark.parametrize("days", [3, 20], ids=["days", "weeks"])
def test_a_young_plant_gets_the_naive_and_is_told_why(days: int) -> None:
    young = line_history(days=days)
    judged = backtest(young, CLOCK, made_on=LAST_DAY)
    assert judged.frame.empty
    assert list(judged.frame.columns) == BACKTEST_COLUMNS
    assert judged.metrics.ratio is None
    assert any("no backtest" in note for note in judged.notes)
    assert train(young, CLOCK, made_on=LAST_DAY, margins=judged.margins) is None
    frame = forecast(young, CLOCK, made_on=LAST_DAY, model=None).frame
    assert len(frame) == HORIZON * 10
    assert set(frame["served_by"]) == {"seasonal_naive"}


def test_gaps_are_not_scored_and_not_invented(daily: pd.DataFrame) -> None:
    holed = daily[~((daily["line_name"] == "S1-2") & (daily["production_day"] >= date(2025, 9, 9)))]
    result = backtest(holed, CLOCK, made_on=LAST_DAY)
    assert result.frame["actual_pct"].notna().all()
    assert any("were not scored" in note for note in result.notes)


def test_an_empty_history_gives_an_empty_forecast(daily: pd.DataFrame) -> None:
    result = forecast(daily.head(0), CLOCK, made_on=LAST_DAY, model=None)
    assert result.frame.empty
    assert list(result.frame.columns) == FORECAST_COLUMNS
    assert result.notes


def test_negative_forecasts_are_clipped(model: EfficiencyModel) -> None:
    falling = line_history(lines=3)
    falling["efficiency_pct"] = (falling["efficiency_pct"] - 85).clip(lower=0)
    frame = forecast(falling, CLOCK, made_on=LAST_DAY, model=model).frame
    assert (frame[["efficiency_pct", *BOUNDS]] >= 0).all(axis=None)


def test_replay_judges_a_champion_only_on_days_it_had_not_seen(daily: pd.DataFrame, judged: Backtest) -> None:
    earlier = LAST_DAY - timedelta(days=21)
    champion = train(daily, CLOCK, made_on=earlier, margins=judged.margins)
    assert champion is not None
    fair = replay(daily, CLOCK, made_on=LAST_DAY, model=champion, judged=judged.frame)
    assert not fair.empty
    assert fair["production_day"].min() > earlier
    assert fair["champion_pct"].notna().all()
    assert 0.7 < (fair["champion_pct"] - fair["actual_pct"]).abs().mean() / judged.metrics.mae_model < 1.5


def test_replay_of_a_fresh_champion_is_empty(daily: pd.DataFrame, judged: Backtest, model: EfficiencyModel) -> None:
    fair = replay(daily, CLOCK, made_on=LAST_DAY, model=model, judged=judged.frame)
    assert fair.empty
    assert "champion_pct" in fair.columns
