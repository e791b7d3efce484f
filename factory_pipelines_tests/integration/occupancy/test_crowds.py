"""Forecasts and crowds out of the hours of doors: through the events, the hours and the assets, as a plant does it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import numpy as np
import pytest
from psycopg import sql

from factory_pipelines.occupancy.aggregates import compute_hours
from factory_pipelines.occupancy.calit2 import HOLIDAYS, ZONE, as_events, read_calit2
from factory_pipelines.occupancy.crowd_assets import CROWDS_JOB, closed_day_patterns, hourly_patterns
from factory_pipelines.occupancy.crowd_store import find_crowds, forecast_day
from factory_pipelines.occupancy.definitions import definitions
from factory_pipelines.occupancy.ingest import ingest
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.conftest import ORGANIZATION

KOLKATA = PlantClock(ZoneInfo("Asia/Kolkata"))
CALIT2 = PlantClock(ZONE, day_start=time(0), rest_weekdays=frozenset({5, 6}), holidays=HOLIDAYS)
FIRST = date(2025, 9, 1)  # a Monday
DAYS = 42
NOW = datetime(2025, 10, 20, tzinfo=UTC)
CROWD = FIRST + timedelta(days=DAYS - 2)  # the last Saturday


def rows(warehouse: Warehouse, table: str, day: date) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT * FROM {} WHERE production_day = %(day)s ORDER BY 2, 3")
    return warehouse.rows(query.format(sql.Identifier("occupancy", table)), {"day": day})


def six_weeks() -> Iterator[dict[str, Any]]:
    """A door that 20 people an hour pass from 8 to 17 on working days, and 200 more on one Saturday at noon."""
    rng = np.random.default_rng(4)
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        for hour in range(24):
            at = datetime.combine(day, time(hour, 30), KOLKATA.zone).isoformat()
            common = {"source_id": "door", "observed_at": at}
            rate = 20.0 if 8 <= hour < 17 and KOLKATA.is_working_day(day) else 0.3
            for direction in ("in", "out"):
                people = int(rng.poisson(rate)) + (200 if day == CROWD and hour == 12 else 0)
                kind = (
                    {"kind": "crossing", "direction": direction, "people": people} if people else {"kind": "heartbeat"}
                )
                yield {**common, "event_id": f"{at}{direction}", **kind}


@pytest.fixture(scope="module")
def counted(shared_warehouse: Warehouse) -> Warehouse:
    register_area(shared_warehouse, "hall", start_people=100_000)
    register_source(shared_warehouse, "door", area_id="hall", kind="door", now=NOW, max_silence_s=7200)
    ingest(shared_warehouse, six_weeks(), now=NOW)
    compute_hours(shared_warehouse, KOLKATA, None, None, now=NOW)
    return shared_warehouse


def test_a_forecast_is_made_of_the_days_before(counted: Warehouse) -> None:
    day = FIRST + timedelta(days=DAYS - 3)
    assert forecast_day(counted, KOLKATA, day) == 24
    found = rows(counted, "occupancy_forecast", day)
    at_noon = next(r for r in found if r["hour_start"].astimezone(KOLKATA.zone).hour == 12)
    assert 17 < at_noon["expected_entries"] < 23
    assert abs(at_noon["likely_entries"] - at_noon["expected_entries"]) < 1
    assert {r["history_days"] for r in found} == {DAYS - 3 + 1}  # the first morning until 6 belongs to a day before
    assert max(r["expected_exits"] for r in found if r["hour_start"].astimezone(KOLKATA.zone).hour < 6) < 1
    later = "UPDATE occupancy.occupancy_hourly SET entries = entries + %(more)s WHERE production_day >= %(day)s"
    try:
        counted.execute(sql.SQL(later), {"day": day, "more": 1000})
        forecast_day(counted, KOLKATA, day)
        assert rows(counted, "occupancy_forecast", day) == found
    finally:
        counted.execute(sql.SQL(later), {"day": day, "more": -1000})


def test_the_crowd_of_a_quiet_saturday_is_an_alarm(counted: Warehouse) -> None:
    found, alarms = find_crowds(counted, KOLKATA, CROWD)
    assert alarms == 1
    crowd = next(r for r in rows(counted, "unusual_crowds", CROWD) if r["is_alarm"])
    assert crowd["started_at"].astimezone(KOLKATA.zone).hour in (11, 12)
    assert crowd["people_over"] > 150
    assert crowd["score"] > crowd["threshold"]
    assert find_crowds(counted, KOLKATA, CROWD) == (found, alarms)
    usual = CROWD - timedelta(days=3)
    assert find_crowds(counted, KOLKATA, usual)[1] == 0


def test_without_history_nothing_is_forecast_and_nothing_is_an_alarm(counted: Warehouse) -> None:
    assert forecast_day(counted, KOLKATA, date(2025, 7, 1)) == 0
    assert find_crowds(counted, KOLKATA, FIRST + timedelta(days=7))[1] == 0


def test_dagster_makes_both_and_its_checks_look(warehouse: Warehouse) -> None:
    register_area(warehouse, "hall", start_people=100_000)
    register_source(warehouse, "door", area_id="hall", kind="door", now=NOW, max_silence_s=7200)
    ingest(warehouse, six_weeks(), now=NOW)
    compute_hours(warehouse, KOLKATA, None, None, now=NOW)
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    job = defs.resolve_job_def(CROWDS_JOB.name)
    result = job.execute_in_process(partition_key=CROWD.isoformat(), raise_on_error=False)
    checks = {f"{e.asset_key.path[-1]}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}
    assert {name for name, passed in checks.items() if not passed} == {"unusual_crowds.no_alarm"}
    assert len(checks) == 6
    warehouse.execute(sql.SQL("UPDATE occupancy.unusual_crowds SET score = -1"))
    warehouse.execute(sql.SQL("UPDATE occupancy.occupancy_forecast SET likely_entries = 400"))
    again = dg.define_asset_job("only_checks", selection=dg.AssetSelection.all_asset_checks())
    alone = dg.Definitions.merge(defs, dg.Definitions(jobs=[again])).resolve_job_def("only_checks")
    tags = {"dagster/partition": CROWD.isoformat()}
    failed = {
        e.check_name
        for e in alone.execute_in_process(tags=tags, raise_on_error=False).get_asset_check_evaluations()
        if not e.passed
    }
    assert {"made_of_the_past", "is_near", "values_in_range"} <= failed


@pytest.mark.parametrize(
    ("schedule", "hour", "day"), [(hourly_patterns, 2, "2025-10-10"), (closed_day_patterns, 1, "2025-10-09")]
)
def test_the_clock_asks_for_the_running_day_and_the_closed_one(schedule: Any, hour: int, day: str) -> None:
    at = datetime(2025, 10, 10, hour, 5, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=at)
    assert schedule(context).partition_key == day


def test_the_assets_run_on_calit2(shared_data: Path, clone: Callable[..., AbstractContextManager[str]]) -> None:
    """15 weeks of a real door: as events, as hours, and two weeks of forecasts against a weekly profile of hours."""
    data = read_calit2(shared_data / "calit2")
    with clone() as url:
        warehouse = Warehouse(url, organization_id=ORGANIZATION, role=Role.WRITER, application_name="tests-calit2")
        register_area(warehouse, "building", start_people=100_000)
        register_source(warehouse, "door", area_id="building", kind="door", now=NOW, max_silence_s=3600)
        result = ingest(warehouse, as_events(data, "door"), now=NOW)
        assert (result.refused, result.duplicates) == ([], 0)
        compute_hours(warehouse, CALIT2, None, None, now=NOW)
        (sums,) = warehouse.rows(
            sql.SQL(
                "SELECT sum(entries) AS came, sum(exits) AS left_ FROM occupancy.occupancy_hourly WHERE source_id = ''"
            )
        )
        assert (sums["came"], sums["left_"]) == (data.entries.sum(), data.exits.sum())
        query = "SELECT entries FROM occupancy.occupancy_hourly WHERE source_id = '' ORDER BY hour_start OFFSET 1"
        hourly = (
            np.array([r["entries"] for r in warehouse.rows(sql.SQL(query))]).reshape(-1)[: 24 * 100].reshape(-1, 24)
        )
        ours, plain, alarms = [], [], {}
        for n in range(75, 89):
            day = data.days[n]
            assert forecast_day(warehouse, CALIT2, day) == 24
            found = {
                r["hour_start"].astimezone(ZONE).hour: r["likely_entries"]
                for r in rows(warehouse, "occupancy_forecast", day)
            }
            ours += [abs(found[hour] - hourly[n, hour]) for hour in range(24)]
            plain += list(np.abs(hourly[n % 7 : 70 : 7].mean(axis=0) - hourly[n]))
            alarms[day] = find_crowds(warehouse, CALIT2, day)[1]
        warehouse.close()
    assert np.mean(ours) < 0.95 * np.mean(plain)
    # Of the known events of these days (7, 10 and 14 October) each day has its alarm, at some four alarms a week.
    assert all(alarms[date(2005, 10, d)] for d in (7, 10, 14)), alarms
    assert sum(alarms.values()) <= 12
