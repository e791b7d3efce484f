"""How old the data is, and when that matters. The plant is in Kolkata: sessions from 08:00 to 20:00, UTC+5:30."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from factory_pipelines.operations.checks import verdict
from factory_pipelines.operations.data_age import DERIVED_PATIENCE, data_age, stale_data
from factory_pipelines.plant.clock import PlantClock

ZONE = ZoneInfo("Asia/Kolkata")
CLOCK = PlantClock(ZONE)
DAY = date(2026, 3, 4)  # a Wednesday
SUNDAY = date(2026, 3, 8)
LIMIT = timedelta(minutes=30)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("pulled", "now", "stale"),
    [
        pytest.param(at(10, 0), at(10, 30), False, id="as old as it may be"),
        pytest.param(at(10, 0), at(10, 31), True, id="a minute too old"),
        pytest.param(None, at(10, 0), True, id="unknown age in session hours"),
        pytest.param(at(6, 10), at(7, 59), False, id="before the first session"),
        pytest.param(at(6, 10), at(8, 0), True, id="at the first session"),
        pytest.param(at(19, 0), at(20, 0), False, id="after the last session"),
        pytest.param(at(9, 0, SUNDAY), at(12, 0, SUNDAY), False, id="on a day of rest"),
        pytest.param(at(10, 5), at(10, 0), False, id="a clock that is a little ahead"),
    ],
)
def test_the_running_day(pulled: datetime | None, now: datetime, *, stale: bool) -> None:
    assert data_age(CLOCK, CLOCK.production_day(now), pulled, now, LIMIT).is_stale is stale


@pytest.mark.parametrize(
    ("pulled", "stale"),
    [
        pytest.param(at(6, 15, date(2026, 3, 5)), False, id="pulled after its end"),
        pytest.param(at(5, 40, date(2026, 3, 5)), False, id="pulled just before its end"),
        pytest.param(at(19, 0), True, id="its evening is missing"),
        pytest.param(None, True, id="never pulled"),
    ],
)
def test_a_closed_day_must_be_complete(pulled: datetime | None, *, stale: bool) -> None:
    assert data_age(CLOCK, DAY, pulled, at(12, 0, date(2026, 3, 20)), LIMIT).is_stale is stale


def test_the_check_says_how_old_and_what_to_do() -> None:
    failed = verdict(data_age(CLOCK, DAY, at(9, 0), at(10, 0), LIMIT))
    assert not failed.passed
    assert failed.severity is dg.AssetCheckSeverity.ERROR
    assert failed.description == "the data of production day 2026-03-04 is 60 minutes old (30 allowed)"
    assert "factory run" in str(failed.metadata["remedy"].value)
    assert verdict(data_age(CLOCK, DAY, at(9, 45), at(10, 0), LIMIT)).passed


def test_an_unknown_age_is_no_success_even_when_nothing_is_expected() -> None:
    unknown = verdict(data_age(CLOCK, DAY, None, at(22, 0), LIMIT))
    assert not unknown.passed
    assert unknown.severity is dg.AssetCheckSeverity.WARN
    assert "age_min" not in unknown.metadata


def test_stale_data_is_an_incident() -> None:
    [condition] = stale_data(CLOCK, at(9, 0), [], at(10, 0), LIMIT, awake_since=at(6)).conditions
    assert condition.subject == "rtms/session_wise_production"
    assert "60 minutes old" in condition.body


@pytest.mark.parametrize(
    ("now", "awake_since", "raised"),
    [
        pytest.param(at(8, 20), at(6), 0, id="the sessions have just begun"),
        pytest.param(at(8, 31), at(6), 1, id="the sessions began half an hour ago"),
        pytest.param(at(11, 0), at(10, 45), 0, id="the platform has just come up"),
        pytest.param(at(11, 16), at(10, 45), 1, id="and still brings nothing"),
    ],
)
def test_a_first_pull_gets_its_time(now: datetime, awake_since: datetime, raised: int) -> None:
    assert len(stale_data(CLOCK, None, [], now, LIMIT, awake_since).conditions) == raised


def test_a_table_that_lags_behind_its_pull_is_an_incident_when_it_lasts() -> None:
    [condition] = stale_data(CLOCK, at(10), ["production.line_output"], at(10, 1), LIMIT, at(6)).conditions
    assert condition.subject == "production/line_output"
    assert condition.patience == DERIVED_PATIENCE
