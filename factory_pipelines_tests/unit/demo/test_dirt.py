from datetime import date, timedelta

import pandas as pd
import pytest

from factory_pipelines.demo.day import SESSION_COLUMNS
from factory_pipelines.demo.factory import Factory
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines_tests.unit.demo.conftest import WORKDAY

DAYS_BACK = 80


@pytest.fixture(scope="module")
def days(clock: PlantClock) -> list[date]:
    return clock.working_days(WORKDAY - timedelta(days=DAYS_BACK), WORKDAY)


@pytest.fixture(scope="module")
def month(factory: Factory, days: list[date]) -> pd.DataFrame:
    return pd.concat([factory.production(day) for day in days], ignore_index=True)


def test_every_listed_fault_is_in_the_frame_and_no_other(factory: Factory, days: list[date]) -> None:
    seen: set[str] = set()
    for day in days[-40:]:
        frame, dirt = factory.production(day), factory.truth(day).dirt
        signs = {
            "missing_employee": frame["EmpCode"].isna() & frame["EmpName"].isna(),
            "leading_dot": frame["EmpCode"].str.startswith(".", na=False),
            "sessions_do_not_add_up": frame[list(SESSION_COLUMNS)].sum(axis=1) != frame["ProdnPcs"].abs(),
            "negative_pieces": frame["ProdnPcs"] < 0,
            "no_row_id": frame["RowId"].isna(),
            "no_line": frame["LineName"].isna(),
        }
        for kind, shows in signs.items():
            listed = set(dirt.loc[dirt["kind"] == kind, "position"])
            assert listed == set(frame.index[shows])
            seen |= {kind} if listed else set()
    assert seen == set(signs)


def test_a_handful_of_rows_a_week_must_be_refused(factory: Factory, days: list[date]) -> None:
    refused = sum(int(factory.truth(day).dirt["must_refuse"].sum()) for day in days)
    assert 1 <= refused / len(days) * 6 <= 10


def test_shares_are_those_of_the_real_extract(month: pd.DataFrame) -> None:
    off = month[list(SESSION_COLUMNS)].sum(axis=1) != month["ProdnPcs"]
    assert 0.03 < off.mean() < 0.07
    assert 0.01 < month["EmpCode"].isna().mean() < 0.05
    assert set(month["ReptType"]) == {"RTM$", "RTM5", "RTMS"}
    assert (month["EmpName"].dropna() != month["EmpName"].dropna().str.strip()).any()
    assert (month["LineName"].dropna() != month["LineName"].dropna().str.strip()).any()
    month = month.assign(code=month["EmpCode"].str.lstrip(".")).drop_duplicates("RowId").dropna(subset=["code"])
    for place in ("DeviceID", "NewOperSeq"):
        at_places = month.drop_duplicates(["TranDate", "code", place])
        assert at_places.duplicated(["TranDate", "code"]).any()


def test_doubled_rows_are_identical(factory: Factory, month: pd.DataFrame) -> None:
    twice = month[month["RowId"].duplicated(keep=False) & month["RowId"].notna()]
    assert len(twice) > 0
    assert len(twice.drop_duplicates()) == twice["RowId"].nunique()


def test_counts_come_as_floats_on_some_days(factory: Factory, days: list[date]) -> None:
    kinds = {str(factory.production(day)["ProdnPcs"].dtype) for day in days}
    assert kinds == {"int64", "float64"}


def test_the_plant_mends_codes_and_withdraws_rows_during_the_day(factory: Factory, days: list[date]) -> None:
    filled_in = withdrawn = 0
    for day in days[:20]:
        then, later = factory.production(day, factory.clock.session_window(day, 6)[0]), factory.production(day)
        final = later.drop_duplicates("RowId").set_index("RowId")["EmpCode"]
        missing = then.loc[then["EmpCode"].isna() & then["RowId"].isin(final.index), "RowId"]
        filled_in += int(final.loc[missing].notna().sum())
        withdrawn += len(set(then["RowId"].dropna()) - set(later["RowId"].dropna()))
    assert filled_in > 0
    assert withdrawn > 0
