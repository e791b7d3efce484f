"""The occupancy assets, checks and schedules, run by Dagster on a real warehouse."""

from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.occupancy import automation
from factory_pipelines.occupancy.checks import CHECKS
from factory_pipelines.occupancy.definitions import definitions
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy.crowd import alive, came, counted, hall, send, table, went

DAY, MONTH = "2026-03-02", "2026-03-01"
HOURS = ("2026-03-02-09:00", "2026-03-02-10:00", "2026-03-02-11:00")


@pytest.fixture
def morning(warehouse: Warehouse) -> Warehouse:
    """Two hours of a hall with one door, and of a canteen that two cameras see, one of them dead from ten on."""
    hall(warehouse, "hall", doors=["door"])
    hall(warehouse, "canteen", cameras=["left", "right"])
    send(warehouse, alive("door", range(0, 120, 5)))
    send(warehouse, [came("door", 15, 4), went("door", 45, 2), came("door", 75, 3)])
    send(warehouse, [counted("left", minute, 10) for minute in range(0, 120, 4)])
    send(warehouse, [counted("right", minute, minute // 30) for minute in range(0, 60, 4)])
    return warehouse


def run(warehouse: Warehouse, job: str, key: str, to: str | None = None) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    partition: dict[str, Any] = {"partition_key": key}
    if to is not None:
        partition = {"tags": {"dagster/asset_partition_range_start": key, "dagster/asset_partition_range_end": to}}
    return defs.resolve_job_def(job).execute_in_process(raise_on_error=False, **partition)


def aggregate(warehouse: Warehouse) -> None:
    assert run(warehouse, "aggregate_occupancy_hourly", HOURS[0], HOURS[-1]).success
    assert run(warehouse, "aggregate_occupancy_daily", DAY).success
    assert run(warehouse, "aggregate_occupancy_monthly", MONTH).success


def hour(warehouse: Warehouse, area: str, number: int, source: str = "") -> dict[str, Any]:
    rows = [r for r in table(warehouse, "occupancy_hourly") if (r["area_id"], r["source_id"]) == (area, source)]
    return sorted(rows, key=lambda row: row["hour_start"])[number]


def test_hours_days_and_months(morning: Warehouse) -> None:
    aggregate(morning)
    nine, ten, eleven = (hour(morning, "hall", number) for number in range(3))
    # None for 15 minutes, four for 30, two for 15.
    assert (nine["avg_occupancy"], nine["max_occupancy"], nine["min_occupancy"]) == (2.5, 4, 0)
    assert (nine["entries"], nine["exits"], nine["observed_min"]) == (4, 2, 60)
    # The two from before ten still count: two for 15 minutes, five for 45.
    assert (ten["avg_occupancy"], ten["min_occupancy"], ten["entries"], ten["exits"]) == (4.25, 2, 3, 0)
    # The last sign of life was five minutes before eleven: unknown, not empty.
    unknown = {"avg_occupancy": None, "max_occupancy": None, "min_occupancy": None, "entries": None, "observed_min": 0}
    assert {name: eleven[name] for name in unknown} == unknown
    assert hour(morning, "canteen", 0)["avg_occupancy"] == pytest.approx(10 + 28 / 60)
    # Where one camera of two is dead, nobody knows how many there are; the other one goes on.
    assert hour(morning, "canteen", 1)["observed_min"] == pytest.approx(1)
    assert hour(morning, "canteen", 1, "left")["avg_occupancy"] == 10
    assert hour(morning, "canteen", 1, "left")["entries"] is None
    days = {(r["area_id"], r["source_id"]): r for r in table(morning, "occupancy_daily")}
    day = days["hall", ""]
    assert (day["avg_occupancy"], day["max_occupancy"], day["entries"], day["exits"]) == (3.375, 5, 7, 2)
    assert (day["observed_min"], day["observed_hours"], day["peak_hour"]) == (120, 2, ten["hour_start"])
    (month,) = (r for r in table(morning, "occupancy_monthly") if (r["area_id"], r["source_id"]) == ("hall", ""))
    assert (month["month"], month["avg_occupancy"], month["peak_day"]) == (date(2026, 3, 1), 3.375, date(2026, 3, 2))
    assert (month["entries"], month["exits"], month["observed_days"]) == (7, 2, 1)


def test_late_events_are_computed_with_the_next_run_and_repeating_changes_nothing(morning: Warehouse) -> None:
    aggregate(morning)
    before = [table(morning, name) for name in ("occupancy_hourly", "occupancy_daily", "occupancy_monthly")]
    aggregate(morning)
    assert [table(morning, name) for name in ("occupancy_hourly", "occupancy_daily", "occupancy_monthly")] == before
    send(morning, [came("door", 30, 6)])
    assert run(morning, "aggregate_occupancy_hourly", HOURS[-1]).success  # another hour than the one it touches
    assert run(morning, "aggregate_occupancy_daily", "2026-03-03").success
    assert run(morning, "aggregate_occupancy_monthly", "2026-04-01").success
    assert hour(morning, "hall", 0)["avg_occupancy"] == 5.5
    assert hour(morning, "hall", 1)["avg_occupancy"] == 10.25
    assert {r["entries"] for r in table(morning, "occupancy_monthly") if r["area_id"] == "hall"} == {13}


def test_a_correction_sets_the_count_from_then_on(morning: Warehouse) -> None:
    aggregate(morning)
    morning.execute(
        sql.SQL(
            "INSERT INTO occupancy.headcount_corrections (area_id, corrected_at, people_before, people_after, reason) "
            "VALUES ('hall', '2026-03-02 05:00+00', 5, 0, 'counted by hand')"
        )
    )
    aggregate(morning)
    assert hour(morning, "hall", 1)["avg_occupancy"] == (2 * 15 + 5 * 15) / 60  # 10:30 in Kolkata: nobody any more
    assert hour(morning, "hall", 1)["entries"] == 3


def test_the_running_hour_is_counted_until_now_and_again_when_it_is_over(morning: Warehouse) -> None:
    from factory_pipelines.occupancy.aggregates import compute_hours
    from factory_pipelines.settings import load_settings
    from factory_pipelines_tests.integration.occupancy.crowd import NOW, at

    clock = load_settings().plant.clock()
    compute_hours(morning, clock, None, None, now=at(30))
    assert (hour(morning, "hall", 0)["observed_min"], hour(morning, "hall", 0)["max_occupancy"]) == (30, 4)
    compute_hours(morning, clock, None, None, now=NOW)
    assert hour(morning, "hall", 0)["observed_min"] == 60


def run_checks(warehouse: Warehouse) -> dict[str, bool]:
    job = dg.define_asset_job("checks", dg.AssetSelection.all_asset_checks())
    defs = dg.Definitions(asset_checks=CHECKS, jobs=[job], resources={"warehouse": warehouse})
    result = defs.resolve_job_def("checks").execute_in_process(tags={"dagster/partition": DAY}, raise_on_error=False)
    return {f"{e.asset_key.path[-1]}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}


def test_the_checks_pass_on_what_is_right(morning: Warehouse) -> None:
    aggregate(morning)
    # The hall was silent in the hour from eleven, and one camera from ten on: that is worth a warning.
    failed = {name for name, passed in run_checks(morning).items() if not passed}
    assert failed == {"occupancy_log.sources_live", "occupancy_hourly.observed"}


DAMAGES = {
    """UPDATE occupancy.occupancy_hourly SET min_occupancy = -1
       WHERE source_id = 'left'""": "occupancy_hourly.values_in_range",
    """UPDATE occupancy.occupancy_hourly SET avg_occupancy = 0, min_occupancy = 0, max_occupancy = 0, observed_min = 0
       WHERE source_id = 'right'""": "occupancy_hourly.unknown_is_not_zero",
    "UPDATE occupancy.occupancy_hourly SET event_count = 9999": "occupancy_hourly.reconciles_with_log",
    "UPDATE occupancy.occupancy_hourly SET surplus_exits = 9": "occupancy_hourly.entries_are_seen",
    "UPDATE occupancy.occupancy_daily SET observed_min = 9999": "occupancy_daily.values_in_range",
    "DELETE FROM occupancy.occupancy_daily WHERE source_id = ''": "occupancy_daily.reconciles_with_hours",
    "UPDATE occupancy.occupancy_monthly SET observed_days = 32": "occupancy_monthly.values_in_range",
    "UPDATE occupancy.occupancy_monthly SET entries = 9": "occupancy_monthly.reconciles_with_days",
    "UPDATE occupancy.occupancy_log SET ingested_at = '2026-01-01'": "occupancy_log.times_are_possible",
    "ALTER TABLE occupancy.occupancy_daily ADD COLUMN surprise int": "occupancy_daily.schema_as_declared",
}


def test_the_checks_find_what_is_wrong(morning: Warehouse, warehouse_url: str) -> None:
    aggregate(morning)
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        for damage in DAMAGES:
            admin.execute(sql.SQL(damage))
    found = run_checks(morning)
    assert [check for check in DAMAGES.values() if found[check]] == []


def test_the_seeds_schedule() -> None:
    crons = {schedule.name: schedule.cron_schedule for schedule in definitions().schedules or ()}  # type: ignore[union-attr]
    asked = {
        "occupancy_hourly_aggregation": "0 * * * *",
        "occupancy_daily_aggregation": "2 * * * *",
        "occupancy_monthly_aggregation": "0 0 1 * *",
        "occupancy_month_to_date": "10 7 * * *",
        "occupancy_drift_correction": "0 3 * * *",
        "headcount_every_ten_minutes": "2-59/10 * * * *",
        "learn_from_closed_day": "30 6 * * *",
    }
    assert {name: crons[name] for name in asked} == asked


@pytest.mark.parametrize(
    ("schedule", "at", "key"),
    [
        (automation.hourly_aggregation, datetime(2026, 3, 2, 4, 30, tzinfo=UTC), "2026-03-02-09:00"),
        (automation.daily_aggregation, datetime(2026, 3, 2, 0, 32, tzinfo=UTC), "2026-03-01"),  # 06:02
        (automation.daily_aggregation, datetime(2026, 3, 2, 1, 32, tzinfo=UTC), "2026-03-02"),
        (automation.monthly_aggregation, datetime(2026, 3, 31, 18, 30, tzinfo=UTC), "2026-03-01"),  # the first, 00:00
        (automation.month_to_date, datetime(2026, 4, 1, 1, 40, tzinfo=UTC), "2026-03-01"),
        (automation.month_to_date, datetime(2026, 4, 2, 1, 40, tzinfo=UTC), "2026-04-01"),
    ],
)
def test_schedules_ask_for_what_is_over(schedule: Any, at: datetime, key: str) -> None:
    context = dg.build_schedule_context(scheduled_execution_time=at)
    assert schedule(context).partition_key == key
