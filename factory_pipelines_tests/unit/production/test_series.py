from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.series import eligible_lines, line_series, naive_residuals, seasonal_naive

MON, TUE, WED = date(2025, 9, 1), date(2025, 9, 2), date(2025, 9, 3)
CLOCK = PlantClock(ZoneInfo("Asia/Kolkata"))


def daily(values: dict[date, float | None], line: str = "S1-1") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "production_day": list(values),
            "unit_code": "U1",
            "floor_name": "F1",
            "line_name": line,
            "efficiency_pct": list(values.values()),
        }
    )


def test_rest_days_and_holidays_do_not_exist_on_the_axis() -> None:
    clock = PlantClock(ZoneInfo("Asia/Kolkata"), holidays=frozenset({TUE}))
    series = line_series(daily({MON: 80.0, WED: 81.0, date(2025, 9, 8): 82.0}), clock, date(2025, 9, 8))
    assert list(series.days) == [MON, WED, *(date(2025, 9, day) for day in (4, 5, 6, 8))]
    assert series.frame.loc[series.frame["weight"] == 1, "ds"].tolist() == [0, 1, 5]


def test_gaps_are_filled_from_the_past_only_and_carry_no_weight() -> None:
    known = {MON: 80.0, TUE: 90.0, date(2025, 9, 8): 70.0}
    frame = line_series(daily(known), CLOCK, date(2025, 9, 9)).frame
    assert frame["y"].tolist() == [80.0, 90.0, 90.0, 90.0, 90.0, 90.0, 70.0, 90.0]  # the last: Tuesday of last week
    assert frame["weight"].tolist() == [1, 1, 0, 0, 0, 0, 1, 0]


def test_a_later_day_changes_nothing_in_the_past() -> None:
    short = line_series(daily({MON: 80.0, WED: 70.0}), CLOCK, WED).frame
    longer = line_series(daily({MON: 80.0, WED: 70.0, date(2025, 9, 6): 10.0}), CLOCK, date(2025, 9, 6)).frame
    pd.testing.assert_frame_equal(longer.head(len(short)), short)


def test_days_after_made_on_are_not_looked_at() -> None:
    series = line_series(daily({MON: 80.0, TUE: 81.0, WED: 82.0}), CLOCK, TUE)
    assert series.observed["y"].tolist() == [80.0, 81.0]


def test_unknown_efficiency_is_a_gap_and_not_zero() -> None:
    series = line_series(daily({MON: 80.0, TUE: None, WED: 82.0}), CLOCK, WED)
    assert series.observed["production_day"].tolist() == [MON, WED]


def test_production_on_a_rest_day_is_left_out_and_said() -> None:
    series = line_series(daily({MON: 80.0, date(2025, 9, 7): 99.0}), CLOCK, date(2025, 9, 8))
    assert 99.0 not in series.frame["y"].tolist()
    assert "1 line-days fell on days of rest" in series.notes[0]


def test_the_same_line_twice_on_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="appears twice"):
        line_series(pd.concat([daily({MON: 80.0}), daily({MON: 81.0})]), CLOCK, MON)


def test_nothing_known_is_an_empty_series() -> None:
    series = line_series(daily({MON: None}), CLOCK, WED)
    assert series.frame.empty
    assert series.days == ()


@pytest.mark.parametrize(
    ("target", "cutoff", "expected"),
    [
        (date(2025, 9, 15), date(2025, 9, 13), 8.0),
        (date(2025, 9, 16), date(2025, 9, 8), 2.0),
        (date(2025, 9, 17), date(2025, 9, 16), 3.0),
        (date(2025, 10, 20), date(2025, 10, 18), None),
    ],
    ids=["last week", "last week not over: the week before", "did not run last week: the week before", "unknown"],
)
def test_seasonal_naive(target: date, cutoff: date, expected: float | None) -> None:
    known = {date(2025, 9, day): float(day) for day in (1, 2, 3, 8, 9)}
    series = line_series(daily(known), CLOCK, date(2025, 10, 18))
    wanted = pd.DataFrame({"unique_id": ["U1 / F1 / S1-1"], "production_day": [target], "cutoff_day": [cutoff]})
    value = seasonal_naive(series, wanted).iloc[0]
    assert pd.isna(value) if expected is None else value == expected


def test_naive_residuals_use_only_what_was_known() -> None:
    known = {date(2025, 9, day): float(day) for day in (1, 2, 3, 4, 5, 6, 8, 9)}
    series = line_series(daily(known), CLOCK, date(2025, 9, 9))
    residuals = naive_residuals(series, 7)
    assert set(residuals["production_day"]) == {date(2025, 9, 8), date(2025, 9, 9)}
    assert set(residuals["residual"]) == {7.0}


def test_eligible_lines_splits_running_short_and_idle() -> None:
    days = CLOCK.working_days(date(2025, 8, 1), date(2025, 9, 6))
    frame = pd.concat(
        [
            daily(dict.fromkeys(days, 80.0), "runs"),
            daily(dict.fromkeys(days[-3:], 80.0), "new"),
            daily(dict.fromkeys(days[:-6], 80.0), "stopped"),
        ]
    )
    series = line_series(frame, CLOCK, days[-1])
    running, idle = eligible_lines(series, len(days) - 1, min_days=20, max_idle_days=6)
    assert running == ["U1 / F1 / runs"]
    assert idle == ["U1 / F1 / stopped"]
