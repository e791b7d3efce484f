"""Hours where the clock changes, where a computation is killed half-way, and where sources come and go."""

from datetime import UTC, datetime, time, timedelta
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from factory_pipelines.occupancy.aggregates import compute_days, compute_hours, compute_months
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines_tests.integration.occupancy.crowd import (
    NINE,
    NOW,
    alive,
    at,
    came,
    counted,
    hall,
    send,
    table,
    went,
)

HOUR = timedelta(hours=1)
NEW_YORK = PlantClock(zone=ZoneInfo("America/New_York"), day_start=time(0))


@pytest.fixture
def clock() -> PlantClock:
    return load_settings().plant.clock()


def area_hours(warehouse: Warehouse, area: str = "hall", source: str = "") -> list[dict[str, Any]]:
    rows = [r for r in table(warehouse, "occupancy_hourly") if (r["area_id"], r["source_id"]) == (area, source)]
    return sorted(rows, key=lambda row: row["hour_start"])


def test_a_repeated_hour_is_two_and_the_day_has_25(warehouse: Warehouse) -> None:
    hall(warehouse, cameras=["c"])
    midnight = datetime(2025, 11, 2, 4, 0, tzinfo=UTC)
    minutes = range(0, 25 * 60, 5)
    send(warehouse, [{**counted("c", 0, m // 60), "observed_at": midnight + timedelta(minutes=m)} for m in minutes])
    compute_hours(warehouse, NEW_YORK, midnight, midnight + 25 * HOUR, now=NOW)
    compute_days(warehouse, [])
    found = area_hours(warehouse)
    assert [row["avg_occupancy"] for row in found] == list(range(25))
    assert {row["production_day"].day for row in found} == {2}
    (day,) = (row for row in table(warehouse, "occupancy_daily") if row["source_id"] == "")
    assert (day["observed_min"], day["observed_hours"], day["avg_occupancy"]) == (25 * 60, 25, 12)


def test_a_count_from_before_the_hour_counts_however_long_ago(warehouse: Warehouse, clock: PlantClock) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 1, 7), *alive("d", range(0, 60 * 8, 4))])
    compute_hours(warehouse, clock, NINE, NINE + HOUR, now=NOW)
    compute_hours(warehouse, clock, NINE + 7 * HOUR, NINE + 8 * HOUR, now=NOW)
    assert [row["avg_occupancy"] for row in area_hours(warehouse)][1:] == [7.0] * 7


def test_an_exit_where_nobody_is_proves_a_missed_entry(warehouse: Warehouse, clock: PlantClock) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 0, 1), went("d", 10, 3), came("d", 20, 2), *alive("d", range(0, 60, 4))])
    compute_hours(warehouse, clock, NINE, NINE + HOUR, now=NOW)
    (hour,) = area_hours(warehouse)
    assert (hour["min_occupancy"], hour["max_occupancy"], hour["closing_occupancy"]) == (0, 2, 2)
    assert (hour["surplus_exits"], hour["entries"], hour["exits"]) == (2, 3, 3)


def test_what_is_no_person_is_a_sign_of_life_and_changes_no_count(warehouse: Warehouse, clock: PlantClock) -> None:
    hall(warehouse, doors=["d"])
    forklifts = [{**came("d", minute, 9), "label": "forklift"} for minute in range(0, 60, 4)]
    send(warehouse, [came("d", 0, 1), *forklifts])
    compute_hours(warehouse, clock, NINE, NINE + HOUR, now=NOW)
    (hour,) = area_hours(warehouse)
    assert (hour["avg_occupancy"], hour["entries"], hour["event_count"], hour["observed_min"]) == (1.0, 1, 16, 60)


def test_a_retired_door_is_not_waited_for(warehouse: Warehouse, clock: PlantClock) -> None:
    hall(warehouse, doors=["old", "new"])
    send(warehouse, [came("old", 1, 5), came("new", 5, 1), *alive("new", range(5, 120, 4))])
    compute_hours(warehouse, clock, NINE, NINE + 2 * HOUR, now=NOW)
    assert area_hours(warehouse)[1]["observed_min"] == 0
    register_source(warehouse, "old", area_id="hall", kind="door", retired_at=at(6), now=NOW)
    compute_hours(warehouse, clock, None, None, now=NOW)
    assert (area_hours(warehouse)[1]["observed_min"], area_hours(warehouse)[1]["avg_occupancy"]) == (60, 6)


def test_another_start_of_the_count_changes_all_hours_of_the_doors(warehouse: Warehouse, clock: PlantClock) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 0, 2), *alive("d", range(0, 120, 4))])
    compute_hours(warehouse, clock, NINE, NINE + 2 * HOUR, now=NOW)
    register_area(warehouse, "hall", start_people=10)
    compute_hours(warehouse, clock, None, None, now=NOW)
    assert [row["avg_occupancy"] for row in area_hours(warehouse)] == [12, 12]
    register_area(warehouse, "hall", start_people=None)
    compute_hours(warehouse, clock, None, None, now=NOW)
    assert [(row["avg_occupancy"], row["entries"]) for row in area_hours(warehouse)] == [(None, 2), (None, 0)]


def test_a_computation_killed_half_way_leaves_all_as_it_was_and_the_next_one_does_it(
    warehouse: Warehouse, warehouse_url: str, clock: PlantClock
) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 1, 3), *alive("d", range(0, 120, 4))])
    compute_hours(warehouse, clock, NINE, NINE + 2 * HOUR, now=NOW)
    before = area_hours(warehouse), table(warehouse, "touched_days", without=["touched_id"])
    send(warehouse, [came("d", 2, 4)])
    with kill_at_the_end(warehouse_url) as killed:
        with pytest.raises(WarehouseUnavailableError):
            compute_hours(warehouse, clock, NINE, NINE + HOUR, now=NOW)
        assert killed.is_set()
    assert (area_hours(warehouse), table(warehouse, "touched_days", without=["touched_id"])) == before
    assert len(table(warehouse, "touched")) == 1
    compute_hours(warehouse, clock, None, None, now=NOW)
    assert [row["closing_occupancy"] for row in area_hours(warehouse)] == [7, 7]
    assert table(warehouse, "touched") == []
    compute_days(warehouse, [])
    compute_months(warehouse, [])
    assert {row["entries"] for row in table(warehouse, "occupancy_monthly")} == {7}


class kill_at_the_end:  # noqa: N801 - reads as the statement it is
    """Holds the table that a computation writes last, and kills the session that waits for it."""

    def __init__(self, url: str) -> None:
        self._admin = psycopg.connect(url, autocommit=True)
        self._holder = psycopg.connect(url)
        self._killed = Event()
        self._thread = Thread(target=self._kill)

    def __enter__(self) -> Event:
        self._holder.execute("LOCK TABLE occupancy.touched_days IN EXCLUSIVE MODE")
        self._thread.start()
        return self._killed

    def _kill(self) -> None:
        waiting = sql.SQL(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'tests'"
        )
        pause = Event()
        while not self._admin.execute(waiting).fetchall():
            pause.wait(0.02)
        self._killed.set()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._holder.close()
        self._admin.close()
