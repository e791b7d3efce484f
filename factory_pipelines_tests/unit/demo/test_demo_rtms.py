from datetime import timedelta

import pandas as pd

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.production.rtms import SUPERVISOR_COLUMNS, RtmsSource
from factory_pipelines_tests.unit.demo.conftest import WORKDAY


def test_past_is_complete_today_is_partial_future_is_empty(factory: Factory, clock: PlantClock) -> None:
    now = clock.session_window(WORKDAY, 5)[0] + timedelta(minutes=7)
    source: RtmsSource = DemoRtms(factory, now=lambda: now)
    yesterday, today = WORKDAY - timedelta(days=1), WORKDAY
    past = pd.concat(list(source.production(yesterday)))
    pd.testing.assert_frame_equal(past, factory.production(yesterday))
    partial = pd.concat(list(source.production(today)))
    pd.testing.assert_frame_equal(partial, factory.production(today, now))
    assert partial["ProdnPcs"].sum() < factory.production(today)["ProdnPcs"].sum()
    assert list(source.production(today + timedelta(days=5))) == []


def test_after_midnight_the_production_day_is_still_the_one_it_began_on(factory: Factory, clock: PlantClock) -> None:
    after_midnight = clock.window(WORKDAY)[1] - timedelta(hours=3)
    source = DemoRtms(factory, now=lambda: after_midnight)
    pd.testing.assert_frame_equal(pd.concat(list(source.production(WORKDAY))), factory.production(WORKDAY))
    assert list(source.production(WORKDAY + timedelta(days=1))) == []


def test_rows_come_in_batches(clock: PlantClock) -> None:
    big = Factory(seed=7, scale=25.0, clock=clock)
    source = DemoRtms(big, now=lambda: clock.window(WORKDAY)[1] + timedelta(days=2))
    batches = list(source.production(WORKDAY))
    assert len(batches) > 1
    assert all(len(batch) <= 10_000 for batch in batches)
    assert sum(len(batch) for batch in batches) == len(big.production(WORKDAY))


def test_supervisors_cover_every_line_and_part_with_the_real_gaps(factory: Factory, clock: PlantClock) -> None:
    supervisors = factory.supervisors()
    assert tuple(supervisors.columns) == SUPERVISOR_COLUMNS
    places = factory.truth(WORKDAY).rows[["line_name", "part_name"]].drop_duplicates()
    known = set(map(tuple, supervisors[["LineName", "PartName"]].to_numpy()))
    assert set(map(tuple, places.to_numpy())) <= known
    assert not supervisors.duplicated(["LineName", "PartName"]).any()
    phones = supervisors["PhoneNumber"]
    assert phones.isna().any()
    assert phones.dropna().str.startswith("+").any()
    assert (~phones.dropna().str.startswith("+")).any()
    digits = phones.dropna().str.replace(r"\D", "", regex=True).str[-10:]
    assert digits.str.startswith("555010").all()  # nobody's number
    per_person = supervisors.groupby("SupervisorCode")["PhoneNumber"].nunique()
    assert per_person.max() == 1
