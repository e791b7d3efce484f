from datetime import date, timedelta
from itertools import pairwise
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from factory_pipelines.demo.day import RTMS_COLUMNS, SESSION_COLUMNS
from factory_pipelines.demo.factory import Factory
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production import rtms
from factory_pipelines_tests.unit.demo.conftest import WORKDAY


@pytest.fixture(scope="module")
def month(factory: Factory, clock: PlantClock) -> pd.DataFrame:
    days = clock.working_days(WORKDAY - timedelta(days=34), WORKDAY)
    return pd.concat([factory.production(day) for day in days], ignore_index=True)


def test_columns_are_those_of_rtms(month: pd.DataFrame) -> None:
    assert tuple(month.columns) == RTMS_COLUMNS == rtms.RTMS_COLUMNS


def test_types_are_those_of_the_extract(factory: Factory, clock: PlantClock) -> None:
    days = clock.working_days(WORKDAY - timedelta(days=6), WORKDAY)
    frames = [factory.production(day) for day in days]
    clean = next(f for f in frames if f["RowId"].dtype == "int64" and f["ProdnPcs"].dtype == "int64")
    counts = ["OrderNo", "Eff100", "ProdnPcs", "OperSeq", "PartSeq", "RowId", "IsRedFlag", *SESSION_COLUMNS]
    floats = ["SAM", "Eff75", "EffPer", "UsedMin", "EffPer100", "EffPer75", "Operationseq", "PartsSeq"]
    assert {str(clean[name].dtype) for name in counts} == {"int64"}
    assert {str(clean[name].dtype) for name in floats} == {"float64"}
    texts = [name for name in clean if name not in {*counts, *floats}]
    assert {str(clean[name].dtype) for name in texts} == {"str"}
    assert set(clean["TranDate"]) == {clean["TranDate"].iloc[0]}
    assert date.fromisoformat(clean["TranDate"].iloc[0]) in days


def test_a_day_is_the_same_from_any_factory_of_the_seed(factory: Factory, clock: PlantClock) -> None:
    at = clock.session_window(WORKDAY, 5)[0] + timedelta(minutes=17)
    other = Factory(seed=7, scale=1.0, clock=clock)
    other.production(WORKDAY + timedelta(days=40))  # whatever was asked before does not matter
    pd.testing.assert_frame_equal(factory.production(WORKDAY, at), other.production(WORKDAY, at))
    assert not factory.production(WORKDAY).equals(Factory(seed=8, scale=1.0, clock=clock).production(WORKDAY))


def test_size_follows_the_scale(month: pd.DataFrame, clock: PlantClock) -> None:
    per_day = month.groupby("TranDate").size()
    assert 440 <= per_day.median() <= 560
    assert month["LineName"].str.strip().nunique() == 8
    assert month.groupby("UnitCode")["FloorName"].nunique().to_dict() == {"U15-1": 2, "U15-2": 3}
    assert 4_400 <= len(Factory(7, 10.0, clock).production(WORKDAY)) <= 6_500
    assert 40 <= len(Factory(7, 0.1, clock).production(WORKDAY)) <= 130


def test_a_day_takes_milliseconds(factory: Factory, clock: PlantClock) -> None:
    days = clock.working_days(date(2031, 3, 1), date(2031, 3, 20))
    taken = []
    for day in days:
        started = perf_counter()
        factory.production(day)
        taken.append(perf_counter() - started)
    assert min(taken) < 0.150


def test_no_rows_on_rest_days_and_holidays(factory: Factory) -> None:
    for closed in (date(2025, 11, 16), date(2025, 11, 20)):
        frame = factory.production(closed)
        assert frame.empty
        assert tuple(frame.columns) == RTMS_COLUMNS
        with pytest.raises(ValueError, match=f"rests on {closed}"):
            factory.truth(closed)


def test_nothing_before_the_first_session(factory: Factory, clock: PlantClock) -> None:
    assert factory.production(WORKDAY, clock.session_window(WORKDAY, 1)[0]).empty


def test_counts_only_grow_and_later_sessions_are_empty(factory: Factory, clock: PlantClock) -> None:
    first = clock.session_window(WORKDAY, 1)[0]
    before: pd.Series | None = None
    for minutes in range(30, 730, 50):
        rows = factory.truth(WORKDAY, first + timedelta(minutes=minutes)).rows.set_index("row_id")["prodn_pcs"]
        if before is not None:
            assert (rows.reindex(before.index) >= before).all()
        before = rows
    frame = factory.production(WORKDAY, clock.session_window(WORKDAY, 4)[0])
    assert frame[list(SESSION_COLUMNS[3:])].to_numpy().sum() == 0


def test_two_pulls_ten_minutes_apart_differ(factory: Factory, clock: PlantClock) -> None:
    at = clock.session_window(WORKDAY, 3)[0] + timedelta(minutes=20)
    one = factory.production(WORKDAY, at).set_index("RowId")
    two = factory.production(WORKDAY, at + timedelta(minutes=10)).set_index("RowId")
    shared = one.index.intersection(two.index)
    assert (two.loc[shared, "ProdnPcs"] != one.loc[shared, "ProdnPcs"]).mean() > 0.3


def test_the_end_of_the_day_is_the_complete_day(factory: Factory, clock: PlantClock) -> None:
    end = clock.session_window(WORKDAY, 12)[1]
    pd.testing.assert_frame_equal(factory.production(WORKDAY, end), factory.production(WORKDAY))


def test_figures_follow_the_formulas(factory: Factory, month: pd.DataFrame) -> None:
    good = month[(month["ProdnPcs"] > 0) & month["RowId"].notna()]
    np.testing.assert_allclose(good["Eff100"], good["UsedMin"] / good["SAM"], atol=0.5 + 1e-9)
    np.testing.assert_allclose(good["EffPer100"], good["ProdnPcs"] / good["Eff100"] * 100, atol=0.0051)
    assert good["Eff75"].isna().all()


def test_lunch_and_tea_take_minutes_away(factory: Factory) -> None:
    rows = factory.production(WORKDAY)
    early = rows[(rows["UnitCode"] == "U15-1") & (rows["S01"] > 0) & (rows["S09"] > 0)]
    assert early["UsedMin"].max() <= 580
    assert early["S05"].median() < 0.75 * early["S04"].median()


def test_line_output_is_made_by_final_operations(month: pd.DataFrame) -> None:
    final = month[(month["ISFinPart"] == "Y") & (month["ISFinOper"] == "Y")]
    assert set(final["PartName"].str.strip()) == {"Finishing"}
    assert set(final["OperSeq"]) == {99}
    sub_part = month[(month["ISFinPart"] == "Y") & (month["ISFinOper"] == "N")]
    assert "Finishing" not in set(sub_part["PartName"].str.strip())
    worked = month.assign(LineName=month["LineName"].str.strip()).dropna(subset=["LineName"])
    assert final.groupby("TranDate")["LineName"].apply(lambda names: names.str.strip().nunique()).min() == 8
    assert worked.groupby("TranDate")["LineName"].nunique().min() == 8


def test_most_work_near_the_standard_and_a_share_falls_behind(month: pd.DataFrame) -> None:
    efficiency = month["EffPer100"]
    assert 0.10 < (efficiency < 85).mean() < 0.32
    assert 0.45 < efficiency.between(88, 105).mean() < 0.80


def test_styles_change_every_8_to_20_days(factory: Factory, clock: PlantClock) -> None:
    days = clock.working_days(WORKDAY - timedelta(days=120), WORKDAY)
    first_seen: dict[str, dict[str, date]] = {}
    for day in days:
        shown = factory.production(day).dropna(subset=["LineName"])
        for line, style in zip(shown["LineName"].str.strip(), shown["StyleNo"], strict=True):
            first_seen.setdefault(line, {}).setdefault(style, day)
    assert len(first_seen) == 8
    for styles in first_seen.values():
        starts = sorted(styles.values())[1:]
        # A changeover on a rest day begins on the next working day, so two days of slack (a holiday beside a Sunday).
        assert all(6 <= (after - before).days <= 22 for before, after in pairwise(starts))


def test_a_changeover_costs_and_is_learnt(factory: Factory, clock: PlantClock) -> None:
    days = clock.working_days(WORKDAY - timedelta(days=60), WORKDAY)
    shown = pd.concat(factory.production(day).dropna(subset=["LineName", "RowId"]) for day in days)
    shown["LineName"] = shown["LineName"].str.strip()
    by_line = shown.groupby(["LineName", "TranDate"])
    pieces = by_line[["ProdnPcs", "Eff100"]].sum()
    efficiency = pieces["ProdnPcs"] / pieces["Eff100"] * 100
    changed = by_line["StyleNo"].nunique().gt(1)
    next_day = changed.groupby("LineName").shift(1, fill_value=False)
    week_later = changed.groupby("LineName").shift(7, fill_value=False)
    assert efficiency[week_later].mean() - efficiency[next_day].mean() > 5
