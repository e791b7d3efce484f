"""The cameras as assets, checks and schedules, run by Dagster on a real warehouse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from psycopg import sql

from factory_pipelines.cameras import automation
from factory_pipelines.cameras.definitions import definitions
from factory_pipelines.edge.streams.figures import MinuteFigures
from factory_pipelines.edge.streams.stream import StreamStatus
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

BEGAN = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)  # 09:40 in Kolkata
DAY = "2026-03-02"
HOURLY = sql.SQL("SELECT * FROM cameras.hourly ORDER BY hour_start, camera_name")


def camera(name: str, *, reason: Any = None, captured: int = 0) -> StreamStatus:
    state = "live" if reason is None else "waiting"
    return StreamStatus(
        name, state, reason, "", BEGAN, BEGAN, 0.1, reason is None, 25.0, 160, 120, captured, 0, 0, 0, 0, 0
    )


def watch(warehouse: Warehouse, minutes: int) -> None:
    """Two cameras, looked at once a second; the yard's is dark for every second minute."""
    figures = MinuteFigures(load_settings().plant.clock(), BEGAN)
    records = []
    for second in range(60 * minutes + 1):
        reason = "refused" if (second // 60) % 2 else None
        statuses = [camera("hall", captured=5 * second), camera("yard", reason=reason, captured=second)]
        records += figures.look(statuses, {"hall": (4 * second, 0)}, BEGAN + timedelta(seconds=second))
    for record in records:
        warehouse.execute("cameras/add_minute", record)
        warehouse.execute("cameras/add_minute", record)  # a second time changes nothing


def report(warehouse: Warehouse, name: str, *, reported_at: datetime, reason: str | None = None) -> None:
    warehouse.execute(
        "cameras/report_status",
        {
            "camera_name": name, "role": "view", "state": "waiting" if reason else "live", "reason": reason,
            "detail": "", "since": reported_at - timedelta(minutes=5), "last_frame_at": reported_at,
            "stale_after_s": 4.0, "is_fresh": reason is None, "fps": 25.0, "width": 160, "height": 120,
            "reconnects": 0, "worker": "here:1", "reported_at": reported_at,
        },
    )  # fmt: skip


def run(warehouse: Warehouse, job: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions.merge(definitions(), dg.Definitions(resources={"warehouse": warehouse}))
    return defs.resolve_job_def(job).execute_in_process(partition_key=partition, raise_on_error=False)


def outcome(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_hours_are_the_minutes_added_up_and_what_nobody_watched_is_unknown(warehouse: Warehouse) -> None:
    watch(warehouse, 30)  # 09:40 to 10:10
    result = run(warehouse, automation.HOURS_JOB.name, DAY)
    assert result.success
    assert outcome(result)["cameras_are_available"] is False  # the yard's
    assert sum(not passed for passed in outcome(result).values()) == 1
    first_hall, first_yard, second_hall, _ = warehouse.rows(HOURLY)
    assert first_hall["hour_start"] == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert second_hall["hour_start"] == datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    assert (first_hall["available_pct"], first_hall["dark_minutes_by_reason"]) == (100.0, {})
    assert round(first_hall["watched_s"]) == 20 * 60 - 1  # of an hour: the worker began at 09:40
    assert 4.9 < first_hall["captured_fps"] < 5.1
    assert round(first_hall["processed_fps"]) == 4
    assert 49 < first_yard["available_pct"] < 51
    assert first_yard["dark_minutes_by_reason"] == {"refused": 10}


def test_repeating_the_hours_changes_nothing(warehouse: Warehouse) -> None:
    watch(warehouse, 3)
    run(warehouse, automation.HOURS_JOB.name, DAY)
    once = warehouse.rows(HOURLY)
    run(warehouse, automation.HOURS_JOB.name, DAY)
    assert warehouse.rows(HOURLY) == once


def test_two_workers_at_once_fail_the_check(warehouse: Warehouse) -> None:
    watch(warehouse, 20)
    shift = sql.SQL(
        "INSERT INTO cameras.minutes SELECT organization_id, camera_name, minute_start, worker_started_at + n * "
        "interval '1 second', production_day, hour_start, watched_s, fresh_s, 0, 0, 0, 0, 0, 0, NULL "
        "FROM cameras.minutes, generate_series(1, 4) AS n"
    )
    warehouse.execute(shift)
    result = run(warehouse, automation.HOURS_JOB.name, DAY)
    assert outcome(result)["values_in_range"] is False


def test_a_dark_camera_fails_its_check_and_the_others_keep_the_asset_fresh(warehouse: Warehouse) -> None:
    now = datetime.now(UTC)
    report(warehouse, "hall", reported_at=now)
    assert all(outcome(run(warehouse, automation.STATUS_JOB.name)).values())
    report(warehouse, "yard", reported_at=now, reason="unauthorised")
    report(warehouse, "clip", reported_at=now, reason="finished")
    result = run(warehouse, automation.STATUS_JOB.name)
    assert {name for name, passed in outcome(result).items() if not passed} == {"no_camera_is_dark"}
    (made,) = result.get_asset_materialization_events()
    metadata = made.step_materialization_data.materialization.metadata
    assert metadata["fresh"].value == 1
    assert metadata["dark"].value == {"yard": "unauthorised", "clip": "finished"}


def test_cameras_nobody_watches_fail_and_the_asset_becomes_stale(warehouse: Warehouse) -> None:
    report(warehouse, "hall", reported_at=datetime.now(UTC) - timedelta(minutes=3))
    result = run(warehouse, automation.STATUS_JOB.name)
    assert not result.success
    assert "every camera is dark or unwatched: hall (live)" in str(result.all_node_events)


def test_a_plant_without_cameras_is_no_failure(warehouse: Warehouse) -> None:
    result = run(warehouse, automation.STATUS_JOB.name)
    assert result.success
    assert all(outcome(result).values())


def test_the_schedules_ask_for_the_hour_that_has_just_ended() -> None:
    # 06:06 in Kolkata: the production day began at six, the hour before belongs to yesterday.
    at = datetime(2026, 3, 3, 0, 36, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=at)
    request = automation.hourly_camera_figures(context)
    assert request.partition_key == "2026-03-02"
    later = dg.build_schedule_context(scheduled_execution_time=at + timedelta(hours=1))
    assert automation.hourly_camera_figures(later).partition_key == "2026-03-03"
