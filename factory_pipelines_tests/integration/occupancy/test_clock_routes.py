"""The clock of occupancy over HTTP, read from a real Dagster storage; a run by hand, made by a real Dagster."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
)
from dagster._daemon.types import DaemonHeartbeat
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.addresses import dagster_url, with_login
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.occupancy.crowd import NOW, alive, came, hall, send

SECRET = "2f1e2d3c4b5a69788796a5b4c3d2e1f2"
ROOT = "/api/v1/occupancy"
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def client(settings: Settings, warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The edge at half past five in the afternoon, Dagster's storage in an empty database of its own."""
    database = f"dagster_{secrets.token_hex(6)}"
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    monkeypatch.setenv("FACTORY_DATABASE__DAGSTER_URL", with_login(warehouse_url, database=database))
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    with TestClient(create_app(load_settings(), clock=lambda: NOW)) as client:
        client.headers["X-API-Key"] = SECRET
        yield client
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


@pytest.fixture
def instance(client: TestClient, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster on the storage that the edge reads."""
    from dagster._core.instance.ref import InstanceRef

    storage = {"postgres": {"postgres_url": dagster_url(load_settings())}}
    overrides = {"storage": storage, "telemetry": {"enabled": False}}
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path), overrides=overrides)) as instance:
        yield instance


def beat(instance: dg.DagsterInstance, ago: timedelta) -> None:
    instance.add_daemon_heartbeat(DaemonHeartbeat((NOW - ago).timestamp(), "SCHEDULER", "id", None))


def keep(instance: dg.DagsterInstance, name: str, cron: str, status: InstigatorStatus) -> None:
    """Dagster's own record of a schedule, as its daemon writes it."""
    location = RegisteredCodeLocationOrigin("factory_pipelines")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    instance.add_instigator_state(
        InstigatorState(origin, InstigatorType.SCHEDULE, status, ScheduleInstigatorData(cron, NOW.timestamp()))
    )


def test_where_dagster_has_never_run_nothing_runs(client: TestClient) -> None:
    status = client.get(f"{ROOT}/scheduler-status").json()
    assert (status["running"], status["last_heard_at"]) == (False, None)
    assert [(job["id"], job["next_run_time"]) for job in status["jobs"]] == [
        ("occupancy_hourly_aggregation", None),
        ("occupancy_daily_aggregation", None),
        ("occupancy_drift_correction", None),
        ("occupancy_monthly_aggregation", None),
    ]


def test_the_jobs_and_when_they_are_due(client: TestClient, instance: dg.DagsterInstance) -> None:
    beat(instance, timedelta(seconds=40))
    keep(instance, "occupancy_hourly_aggregation", "0 * * * *", InstigatorStatus.DECLARED_IN_CODE)
    keep(instance, "occupancy_monthly_aggregation", "0 0 1 * *", InstigatorStatus.RUNNING)
    keep(instance, "occupancy_daily_aggregation", "2 * * * *", InstigatorStatus.STOPPED)
    keep(instance, "something_else", "0 1 * * *", InstigatorStatus.RUNNING)
    status = client.get(f"{ROOT}/scheduler-status").json()
    assert status["running"] is True
    assert status["jobs"] == [
        {
            "id": "occupancy_hourly_aggregation",
            "name": "Hourly Occupancy Aggregation",
            "next_run_time": "2026-03-02T18:00:00+05:30",
            "trigger": "cron[minute=0]",
        },
        {
            "id": "occupancy_daily_aggregation",
            "name": "Daily Occupancy Aggregation",
            "next_run_time": None,  # somebody stopped it
            "trigger": "cron[minute=2]",
        },
        {
            "id": "occupancy_monthly_aggregation",
            "name": "Monthly Occupancy Aggregation",
            "next_run_time": "2026-04-01T00:00:00+05:30",
            "trigger": "cron[day=1, hour=0, minute=0]",
        },
    ]


def test_a_dead_scheduler_is_not_running_whatever_it_has_planned(
    client: TestClient, instance: dg.DagsterInstance
) -> None:
    beat(instance, timedelta(minutes=10))
    keep(instance, "occupancy_hourly_aggregation", "0 * * * *", InstigatorStatus.RUNNING)
    status = client.get(f"{ROOT}/scheduler-status").json()
    assert (status["running"], status["jobs"][0]["next_run_time"]) == (False, None)
    assert datetime.fromisoformat(status["last_heard_at"]) == NOW - timedelta(minutes=10)


def test_without_dagsters_storage_nobody_can_say(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_DATABASE__DAGSTER_URL", "postgresql://nobody@127.0.0.1:9/none?connect_timeout=1")
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    with TestClient(create_app(load_settings(), clock=lambda: NOW), headers={"X-API-Key": SECRET}) as client:
        answer = client.get(f"{ROOT}/scheduler-status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "dagster_unavailable")


def test_an_hour_is_computed_by_a_run_of_dagster(client: TestClient, warehouse: Warehouse) -> None:
    hall(warehouse, doors=["d"])
    send(warehouse, [came("d", 450, 3), came("d", 15, 4), *alive("d", range(0, 60, 5))])  # 16:30 and 09:15
    answer = client.post(f"{ROOT}/trigger-aggregation")
    assert answer.status_code == 200, answer.text
    done = answer.json()
    # Half past five: the last hour that is over began at four. The late events of nine o'clock are computed with it.
    assert (done["success"], done["hour"], done["aggregate_created"]) == (True, 16, True), done
    assert (done["records_processed"], done["hour_start"]) == (14, "2026-03-02T10:30:00Z")
    asked = {"area_id": "hall", "first_day": "2026-03-02", "last_day": "2026-03-02"}
    hours = client.get(f"{ROOT}/hourly", params=asked).json()["hours"]
    assert (hours[0]["avg_occupancy"], hours[0]["entries"]) == (3.0, 4)
    assert {hour["avg_occupancy"] for hour in hours[1:7]} == {None}
    assert (hours[7]["max_occupancy"], hours[7]["observed_min"]) == (7, 5)
    in_future = client.post(f"{ROOT}/trigger-aggregation", params={"hour": "2026-03-02T19:00:00+05:30"})
    assert (in_future.status_code, in_future.json()["error"]["field"]) == (409, "hour")
