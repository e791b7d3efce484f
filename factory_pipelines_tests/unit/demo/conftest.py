from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from factory_pipelines.demo.factory import Factory
from factory_pipelines.plant.clock import PlantClock

WORKDAY = date(2025, 11, 19)  # a Wednesday


@pytest.fixture(scope="session")
def clock() -> PlantClock:
    return PlantClock(
        zone=ZoneInfo("Asia/Kolkata"),
        day_start=time(6),
        first_session=time(8),
        holidays=frozenset({date(2025, 11, 20)}),
    )


@pytest.fixture(scope="session")
def factory(clock: PlantClock) -> Factory:
    return Factory(seed=7, scale=1.0, clock=clock)
