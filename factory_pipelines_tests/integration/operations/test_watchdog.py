"""What the watchdog sees of states: dead sensors and schedules, stale data, an outbox that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._utils.error import SerializableErrorInfo
from psycopg import sql

from factory_pipelines.alerts.engine import raise_incident
from factory_pipelines.operations.observations import known_instigators, running_instigators
from factory_pipelines.operations.ticking import overdue_instigators
from factory_pipelines.operations.watchdog import Memory, look
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

MINUTE = timedelta(minutes=1)
SUNDAY = datetime(2026, 3, 8, 6, 0, tzinfo=UTC)  # nothing is expected of RTMS
WEDNESDAY = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)  # 11:30 in Kolkata, in session hours


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def a_sensor() -> None: ...


@dg.job
def a_job() -> None: ...


@dg.schedule(
    job=a_job,
    cron_schedule="0 3 * * *",
    execution_timezone="Asia/Kolkata",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def a_schedule() -> dg.SkipReason:
    return dg.SkipReason("nothing to do")


@dg.sensor(default_status=dg.DefaultSensorStatus.STOPPED)
def a_stopped_sensor() -> None: ...


DEFS = dg.Definitions(jobs=[a_job], sensors=[a_sensor, a_stopped_sensor], schedules=[a_schedule])


class Daemon:
    """Writes states and ticks as Dagster's daemon does."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        target = LoadableTargetOrigin(module_name="factory_pipelines.definitions")
        self.repository = RemoteRepositoryOrigin(InProcessCodeLocationOrigin(target), "__repository__")

    def _origin(self, name: str) -> RemoteInstigatorOrigin:
        return RemoteInstigatorOrigin(self.repository, name)

    def start(
        self, name: str, at: datetime, status: InstigatorStatus = InstigatorStatus.DECLARED_IN_CODE
    ) -> InstigatorState:
        is_schedule = name == "a_schedule"
        data: Any = (
            ScheduleInstigatorData("0 3 * * *", at.timestamp())
            if is_schedule
            else SensorInstigatorData(min_interval=60, last_sensor_start_timestamp=at.timestamp())
        )
        kind = InstigatorType.SCHEDULE if is_schedule else InstigatorType.SENSOR
        return self.instance.add_instigator_state(InstigatorState(self._origin(name), kind, status, data))

    def tick(self, state: InstigatorState, at: datetime, status: TickStatus = TickStatus.SKIPPED) -> None:
        error = SerializableErrorInfo("no such table", [], "Error") if status is TickStatus.FAILURE else None
        self.instance.create_tick(
            TickData(
                state.instigator_origin_id,
                state.instigator_name,
                state.instigator_type,
                status,
                at.timestamp(),
                error=error,
                selector_id=state.selector_id,
                run_ids=[],
            )
        )


@pytest.fixture
def daemon(instance: dg.DagsterInstance) -> Iterator[Daemon]:
    return Daemon(instance)


def titles(instance: dg.DagsterInstance, now: datetime) -> list[str]:
    running = known_instigators(instance, "Asia/Kolkata")
    return [c.title for c in overdue_instigators(running_instigators(instance, running), now)]


def open_incidents(warehouse: Warehouse) -> dict[str, int]:
    query = sql.SQL("SELECT subject, occurrences FROM alerts.alerts WHERE status <> 'resolved' ORDER BY subject")
    return {row["subject"]: row["occurrences"] for row in warehouse.rows(query)}


class Watch:
    """A watchdog that looks whenever it is told to, and remembers."""

    def __init__(
        self, instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings, defs: dg.Definitions
    ) -> None:
        self._with: Any = (instance, defs.get_repository_def(), warehouse, settings)
        self.memory: Memory | None = None

    def look(self, now: datetime) -> str:
        memory = Memory.of(self.memory.to_json() if self.memory else None, now)
        said, self.memory = look(*self._with, memory, now)
        return said

    def every_minute(self, first: datetime, last: datetime) -> None:
        for n in range(int((last - first) / MINUTE) + 1):
            self.look(first + n * MINUTE)


@pytest.fixture
def watch(instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings) -> Watch:
    return Watch(instance, warehouse, settings, DEFS)


def test_a_sensor_that_stops_ticking_is_one_alert_until_it_ticks_again(
    daemon: Daemon, watch: Watch, warehouse: Warehouse
) -> None:
    sensor = daemon.start("a_sensor", SUNDAY)
    daemon.start("a_schedule", SUNDAY)
    daemon.tick(sensor, SUNDAY)
    watch.every_minute(SUNDAY, SUNDAY + 6 * MINUTE)
    assert open_incidents(warehouse) == {}
    watch.every_minute(SUNDAY + 7 * MINUTE, SUNDAY + 12 * MINUTE)
    assert open_incidents(warehouse) == {"a_sensor": 1}
    daemon.tick(sensor, SUNDAY + 12 * MINUTE)
    watch.look(SUNDAY + 13 * MINUTE)
    assert open_incidents(warehouse) == {}


def test_what_somebody_stopped_is_not_dead(daemon: Daemon, watch: Watch, warehouse: Warehouse) -> None:
    daemon.tick(daemon.start("a_sensor", SUNDAY, InstigatorStatus.STOPPED), SUNDAY)
    daemon.start("a_schedule", SUNDAY, InstigatorStatus.STOPPED)
    watch.every_minute(SUNDAY, SUNDAY + 12 * MINUTE)
    assert open_incidents(warehouse) == {}


def test_what_was_started_by_hand_is_watched(daemon: Daemon, watch: Watch, warehouse: Warehouse) -> None:
    daemon.start("a_sensor", SUNDAY, InstigatorStatus.STOPPED)
    daemon.start("a_schedule", SUNDAY, InstigatorStatus.STOPPED)
    daemon.start("a_stopped_sensor", SUNDAY, InstigatorStatus.RUNNING)
    watch.every_minute(SUNDAY, SUNDAY + 8 * MINUTE)
    assert open_incidents(warehouse) == {"a_stopped_sensor": 1}


def test_what_the_daemon_never_started_is_told_too(daemon: Daemon, watch: Watch, warehouse: Warehouse) -> None:
    daemon.start("a_schedule", SUNDAY)
    watch.every_minute(SUNDAY, SUNDAY + 5 * MINUTE)
    assert open_incidents(warehouse) == {}
    watch.every_minute(SUNDAY + 6 * MINUTE, SUNDAY + 7 * MINUTE)
    assert open_incidents(warehouse) == {"a_sensor": 1}


def test_after_a_night_without_power_nothing_is_dead_yet(daemon: Daemon, watch: Watch, warehouse: Warehouse) -> None:
    sensor = daemon.start("a_sensor", SUNDAY)
    daemon.start("a_schedule", SUNDAY)
    daemon.tick(sensor, SUNDAY)
    watch.look(SUNDAY)
    morning = SUNDAY + timedelta(hours=10)
    watch.every_minute(morning, morning + 5 * MINUTE)
    assert open_incidents(warehouse) == {}


def test_a_daily_schedule_that_missed_its_time(daemon: Daemon) -> None:
    due = datetime(2026, 3, 8, 21, 30, tzinfo=UTC)  # 03:00 in Kolkata
    schedule = daemon.start("a_schedule", SUNDAY)
    daemon.tick(schedule, due - timedelta(days=1), TickStatus.SUCCESS)
    assert titles(daemon.instance, due + 30 * MINUTE) == []
    assert titles(daemon.instance, due + 31 * MINUTE) == ["Schedule a_schedule does not tick"]
    daemon.tick(schedule, due, TickStatus.SUCCESS)
    assert titles(daemon.instance, due + 31 * MINUTE) == []


def test_ticks_that_keep_failing(daemon: Daemon) -> None:
    sensor = daemon.start("a_sensor", SUNDAY)
    for n in range(3):
        assert titles(daemon.instance, SUNDAY + n * MINUTE) == []
        daemon.tick(sensor, SUNDAY + n * MINUTE, TickStatus.FAILURE)
    assert titles(daemon.instance, SUNDAY + 3 * MINUTE) == ["Sensor a_sensor keeps failing"]
    daemon.tick(sensor, SUNDAY + 3 * MINUTE, TickStatus.SKIPPED)
    assert titles(daemon.instance, SUNDAY + 4 * MINUTE) == []


def pulled(warehouse_url: str, settings: Settings, at: datetime) -> None:
    """A finished pull of the production day that runs at ``at``."""
    day = settings.plant.clock().production_day(at)
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO rtms.pulls (organization_id, production_day, source, started_at, finished_at)"
            " VALUES (%s, %s, 'demo', %s, %s)",
            [settings.organization_id, day, at, at],
        )


@pytest.fixture
def quiet(instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings) -> Watch:
    """A watchdog of a code location without sensors and schedules."""
    return Watch(instance, warehouse, settings, dg.Definitions())


def test_stale_data_is_one_alert_until_a_pull_comes(
    quiet: Watch, warehouse: Warehouse, warehouse_url: str, settings: Settings
) -> None:
    pulled(warehouse_url, settings, WEDNESDAY)
    pulled(warehouse_url, settings, WEDNESDAY - timedelta(days=1))
    quiet.every_minute(WEDNESDAY, WEDNESDAY + 30 * MINUTE)
    assert open_incidents(warehouse) == {}
    quiet.every_minute(WEDNESDAY + 31 * MINUTE, WEDNESDAY + 40 * MINUTE)
    assert open_incidents(warehouse) == {"rtms/session_wise_production": 1}
    pulled(warehouse_url, settings, WEDNESDAY + 40 * MINUTE)
    quiet.look(WEDNESDAY + 41 * MINUTE)
    assert open_incidents(warehouse) == {}


def test_a_pull_of_another_day_does_not_make_this_day_fresh(
    quiet: Watch, warehouse: Warehouse, warehouse_url: str, settings: Settings
) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO rtms.pulls (organization_id, production_day, source, started_at, finished_at)"
            " VALUES (%s, '2026-02-01', 'demo', %s, %s)",
            [settings.organization_id, WEDNESDAY + 29 * MINUTE, WEDNESDAY + 30 * MINUTE],
        )
    quiet.every_minute(WEDNESDAY, WEDNESDAY + 31 * MINUTE)
    assert open_incidents(warehouse) == {"rtms/session_wise_production": 1}


def test_tables_that_do_not_hold_what_was_pulled(
    quiet: Watch, warehouse: Warehouse, warehouse_url: str, settings: Settings
) -> None:
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO rtms.session_wise_production (organization_id, production_day, rtms_row_id, unit_code,"
            " floor_name, line_name, style_no, part_name, new_oper_seq, device_id, prodn_pcs, is_fin_part, is_fin_oper,"
            " source, pull_id, ingested_at)"
            " VALUES (%s, '2026-03-08', 1, 'U', 'F', 'L', 'S', 'P', 'O', 'D', 7, true, true, 'demo', 1, now())",
            [settings.organization_id],
        )
    quiet.every_minute(SUNDAY, SUNDAY + 19 * MINUTE)
    assert open_incidents(warehouse) == {}
    quiet.every_minute(SUNDAY + 20 * MINUTE, SUNDAY + 21 * MINUTE)
    lagging = {"production/efficiency_by_level", "production/employee_efficiency", "production/line_output"}
    assert open_incidents(warehouse) == dict.fromkeys(sorted(lagging), 1)


def test_an_outbox_that_stands_still(quiet: Watch, warehouse: Warehouse) -> None:
    raise_incident(warehouse, "platform.run_failed", "__nothing", "Something", "body", SUNDAY)
    quiet.look(SUNDAY + 15 * MINUTE)
    assert "outbox" not in open_incidents(warehouse)
    quiet.look(SUNDAY + 16 * MINUTE)
    assert open_incidents(warehouse)["outbox"] == 1
    warehouse.execute(sql.SQL("UPDATE alerts.alert_deliveries SET status = 'sent'"))
    quiet.look(SUNDAY + 17 * MINUTE)
    assert "outbox" not in open_incidents(warehouse)


def test_a_look_is_bounded(instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings) -> None:
    """Two hundred dead sensors: fifty alerts a look, and a memory of at most two hundred."""

    def dead(number: int) -> dg.SensorDefinition:
        return dg.SensorDefinition(
            name=f"sensor_{number}",
            evaluation_fn=lambda _: None,
            default_status=dg.DefaultSensorStatus.RUNNING,
        )

    watch = Watch(instance, warehouse, settings, dg.Definitions(sensors=[dead(n) for n in range(220)]))
    watch.every_minute(SUNDAY, SUNDAY + 6 * MINUTE)
    assert len(open_incidents(warehouse)) == 50
    watch.look(SUNDAY + 7 * MINUTE)
    assert len(open_incidents(warehouse)) == 100
    assert watch.memory is not None
    assert len(watch.memory.pending) == 200
