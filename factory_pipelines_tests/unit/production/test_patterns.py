from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pandas as pd
import pytest

from factory_pipelines.production.patterns import PATTERN_COLUMNS, SESSIONS, patterns_on, read_history

DAYS = [date(2025, 9, 1) + timedelta(days=number) for number in range(12)]
TODAY = DAYS[-1]
LINE = {"unit_code": "U1", "floor_name": "F1", "line_name": "S1-1"}
SUBJECT = "U1 / F1 / S1-1"


def sessions(pieces: Mapping[date, Sequence[int]], operation: str = "A1", **line: str) -> pd.DataFrame:
    rows = [
        {"production_day": day, **LINE, **line, "new_oper_seq": operation, **dict.fromkeys(SESSIONS, 0)}
        | dict(zip(SESSIONS, counts, strict=False))
        for day, counts in pieces.items()
    ]
    return pd.DataFrame(rows, columns=["production_day", *LINE, "new_oper_seq", *SESSIONS])


def people(pct: Mapping[date, float | None], code: str | None = "E1", name: str | None = "Asha") -> pd.DataFrame:
    rows = [
        {"production_day": day, **LINE, "new_oper_seq": "A1", "emp_code": code, "emp_name": name}
        | {"prodn_pcs": 0 if value is None else value, "eff100": 0 if value is None else 100.0}
        for day, value in pct.items()
    ]
    names = ["production_day", *LINE, "new_oper_seq", "emp_code", "emp_name", "prodn_pcs", "eff100"]
    return pd.DataFrame(rows, columns=names)


def styles(rows: Sequence[tuple[date, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["production_day", "style_no", "prodn_pcs"])
    return frame.assign(**LINE, eff100=100.0)


def found(
    hourly: pd.DataFrame | None = None,
    staff: pd.DataFrame | None = None,
    made: pd.DataFrame | None = None,
    last_sessions: Mapping[date, int] | None = None,
) -> pd.DataFrame:
    history = read_history(
        sessions=sessions({}) if hourly is None else hourly,
        people=people({}) if staff is None else staff,
        styles=styles([]) if made is None else made,
        last_sessions=last_sessions,
    )
    return patterns_on(history, TODAY, DAYS)


def test_nothing_gives_an_empty_frame_with_the_right_columns() -> None:
    frame = found()
    assert frame.empty
    assert list(frame.columns) == PATTERN_COLUMNS


def test_hour_of_day_is_measured_against_the_lines_own_mean_hour() -> None:
    frame = found(sessions({TODAY: [10, 20, 30], DAYS[0]: [100, 200, 300]}))
    line = frame[(frame["scope"] == "line") & (frame["pattern"] == "hour_of_day")]
    assert line["subject"].unique().tolist() == [SUBJECT]
    assert line["session_no"].tolist() == [1, 2, 3]
    assert line["value"].tolist() == pytest.approx([-50.0, 0.0, 50.0])
    assert set(line["sample_size"]) == {2}
    operation = frame[(frame["scope"] == "operation") & (frame["pattern"] == "hour_of_day")]
    assert operation["subject"].unique().tolist() == ["A1"]


def test_a_stop_is_a_zero_and_a_break_of_the_whole_plant_is_not() -> None:
    stopped = sessions({TODAY: [10, 0, 10, 0, 10]})
    neighbour = sessions({TODAY: [10, 0, 10, 10, 10]}, line_name="S2-1")
    frame = found(pd.concat([stopped, neighbour]))
    hours = frame[(frame["subject"] == SUBJECT) & (frame["pattern"] == "hour_of_day")].set_index("session_no")["value"]
    assert hours.to_dict() == pytest.approx({1: 100 / 3, 3: 100 / 3, 4: -100.0, 5: 100 / 3})


def test_hours_that_are_not_over_are_not_counted() -> None:
    frame = found(sessions({TODAY: [10, 10, 10, 2]}), last_sessions={TODAY: 3})
    hours = frame[(frame["scope"] == "line") & (frame["pattern"] == "hour_of_day")]
    assert hours["value"].tolist() == pytest.approx([0.0, 0.0, 0.0])


def test_subjects_that_do_not_work_today_are_not_reported() -> None:
    assert found(sessions({DAYS[0]: [10, 20, 30, 40, 50]})).empty


def test_drift_is_the_slope_within_days_without_the_ragged_ends() -> None:
    frame = found(sessions({TODAY: [3, 110, 100, 90, 5], DAYS[0]: [1, 220, 200, 180, 2]}))
    drift = frame[(frame["scope"] == "line") & (frame["pattern"] == "drift")].iloc[0]
    assert drift["value"] == pytest.approx(-10.0)
    assert drift["sample_size"] == 6
    assert pd.isna(drift["session_no"])


def test_a_break_of_the_unit_is_no_drift() -> None:
    frame = found(sessions({TODAY: [5, 100, 100, 100, 100, 40, 100, 5]}))
    drift = frame[(frame["scope"] == "line") & (frame["pattern"] == "drift")].iloc[0]
    assert drift["value"] == pytest.approx(0.0)
    assert drift["sample_size"] == 5


def test_drift_needs_enough_hours() -> None:
    frame = found(sessions({TODAY: [10, 20, 30, 40]}))
    assert "drift" not in set(frame["pattern"])


def test_repeat_offenders_are_named_with_share_and_streak() -> None:
    values = {DAYS[2]: 60.0, DAYS[3]: 90.0, DAYS[5]: 80.0, DAYS[6]: 95.0, DAYS[9]: 84.0, TODAY: 65.0}
    frame = found(staff=people(values))
    line = frame[(frame["pattern"] == "repeat_offender") & (frame["scope"] == "line")].iloc[0]
    assert line["value"] == pytest.approx(4 / 6 * 100)
    assert line["sample_size"] == 6
    assert line["detail"] == "E1 Asha: below 85 % on 4 of 6 days worked, critical on 2, 2 in a row up to 2025-09-12"
    assert set(frame["scope"]) == {"line", "operation"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({DAYS[9]: 60.0, TODAY: 60.0}, "E1"),
        ({DAYS[0]: 60.0, DAYS[1]: 60.0, TODAY: 60.0}, "E1"),
        ({DAYS[8]: 85.0, DAYS[9]: 85.0, TODAY: 85.0}, "E1"),
        ({DAYS[8]: None, DAYS[9]: 60.0, TODAY: 60.0}, "E1"),
        ({DAYS[8]: 60.0, DAYS[9]: 60.0, TODAY: 60.0}, None),
    ],
    ids=["too few", "too long ago", "exactly on the threshold", "a day without a target is unknown", "no code"],
)
def test_who_is_no_repeat_offender(values: dict[date, float | None], code: str | None) -> None:
    assert found(staff=people(values, code)).empty


def test_an_employees_day_is_the_sum_over_all_rows() -> None:
    two_rows = pd.concat([people(dict.fromkeys(DAYS[-3:], 60.0)), people(dict.fromkeys(DAYS[-3:], 120.0))])
    assert found(staff=two_rows).empty  # 180 of 200 pieces


def test_a_nameless_employee_is_shown_by_code() -> None:
    frame = found(staff=people(dict.fromkeys(DAYS[-3:], 60.0), name=None))
    assert frame["detail"].iloc[0].startswith("E1: below")


def test_a_style_changeover_shows_its_cost_and_the_days_until_recovery() -> None:
    before = [(day, "OLD", 80.0) for day in DAYS[:5]]
    after = [(DAYS[5], "NEW", 60.0), (DAYS[6], "NEW", 70.0), (DAYS[7], "NEW", 77.0), (DAYS[8], "NEW", 90.0)]
    frame = found(made=styles([*before, *after]))
    drop, recovery = (frame[frame["unit"] == unit].iloc[0] for unit in ("efficiency_points", "working_days"))
    assert drop["value"] == pytest.approx(-20.0)
    assert drop["sample_size"] == 5
    assert drop["detail"] == "NEW from 2025-09-06: 60.0 % on the first day after 80.0 %"
    assert recovery["value"] == 2
    assert recovery["sample_size"] == 4


def test_a_line_that_has_not_recovered_says_unknown_and_not_zero() -> None:
    frame = found(made=styles([(DAYS[0], "OLD", 80.0), (DAYS[1], "NEW", 60.0)]))
    recovery = frame[frame["unit"] == "working_days"].iloc[0]
    assert pd.isna(recovery["value"])
    assert recovery["sample_size"] == 1


def test_the_style_on_the_first_known_day_is_no_changeover() -> None:
    assert found(made=styles([(day, "OLD", 80.0) for day in DAYS])).empty


def test_days_outside_the_working_calendar_are_not_looked_at() -> None:
    sunday = DAYS[0] - timedelta(days=1)
    frame = found(sessions({sunday: [1, 1, 1], TODAY: [1, 2, 3]}))
    assert set(frame["sample_size"]) == {1}


def test_one_history_serves_many_days_and_no_day_sees_later_ones() -> None:
    hourly = sessions({day: [10 + number, 20, 30 - number, 40, 50] for number, day in enumerate(DAYS)})
    staff = people({day: 60.0 + 3 * number for number, day in enumerate(DAYS)})
    made = styles([(day, "OLD" if number < 6 else "NEW", 80.0 + number) for number, day in enumerate(DAYS)])
    whole = read_history(sessions=hourly, people=staff, styles=made)
    for day in DAYS[4:]:
        past = [frame[frame["production_day"] <= day] for frame in (hourly, staff, made)]
        alone = read_history(sessions=past[0], people=past[1], styles=past[2])
        known = DAYS[: DAYS.index(day) + 1]
        pd.testing.assert_frame_equal(patterns_on(whole, day, known), patterns_on(alone, day, known))
