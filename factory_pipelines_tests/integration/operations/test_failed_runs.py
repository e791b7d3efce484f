"""Failed runs and failed checks, from Dagster's events to the alert and back, by Dagster's own sensor machinery."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from factory_pipelines.operations.automation import failed_runs_sensor, recovered_runs_sensor, watchdog
from factory_pipelines.operations.watchdog import Memory, look
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

SUNDAY = datetime(2026, 3, 8, 6, 0, tzinfo=UTC)


class Sensors:
    """The two run sensors, ticking as the daemon would let them."""

    def __init__(self, instance: dg.DagsterInstance, warehouse: Warehouse) -> None:
        self.instance = instance
        self.warehouse = warehouse
        self.cursors: dict[str, str | None] = {}
        self.errors: list[str] = []
        self.tick()

    def tick(self, *sensors: dg.SensorDefinition) -> None:
        for sensor in sensors or (failed_runs_sensor, recovered_runs_sensor):
            for _ in range(10):
                before = self.cursors.get(sensor.name)
                with dg.build_sensor_context(
                    instance=self.instance, cursor=before, resources={"warehouse": self.warehouse}
                ) as context:
                    result = sensor.evaluate_tick(context)
                self.errors += [r.error.message for r in result.dagster_run_reactions or () if r.error]
                self.cursors[sensor.name] = result.cursor
                if result.cursor == before:
                    break


@pytest.fixture
def ephemeral() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """While this file is there, everything below fails."""
    flag = tmp_path / "broken"
    flag.touch()
    return flag


def alerts(warehouse: Warehouse) -> list[tuple[str, str, str, int]]:
    query = sql.SQL("SELECT rule, subject, status, occurrences FROM alerts.alerts ORDER BY alert_id")
    return [tuple(row.values()) for row in warehouse.rows(query)]  # type: ignore[misc]


def message_count(warehouse: Warehouse) -> int:
    [row] = warehouse.rows(sql.SQL("SELECT count(*) AS n FROM alerts.alert_deliveries"))
    return int(row["n"])


def job_that_reads(flag: Path) -> dg.JobDefinition:
    @dg.op
    def work() -> None:
        if flag.exists():
            raise RuntimeError("the machine is on fire")

    @dg.job(name="a_job")
    def a_job() -> None:
        work()

    return a_job


def test_a_job_that_fails_three_times_is_one_alert_until_it_succeeds(
    instance: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    sensors = Sensors(instance, warehouse)
    job = job_that_reads(broken)
    for _ in range(3):
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success
        sensors.tick()
    assert alerts(warehouse) == [("platform.run_failed", "a_job", "open", 3)]
    assert message_count(warehouse) == 1
    [said] = warehouse.rows(sql.SQL("SELECT body FROM alerts.alerts"))
    assert "the machine is on fire" in said["body"]

    broken.unlink()
    assert job.execute_in_process(instance=instance).success
    sensors.tick()
    assert alerts(warehouse) == [("platform.run_failed", "a_job", "resolved", 3)]
    assert message_count(warehouse) == 1
    assert sensors.errors == []


def test_a_new_failure_after_recovery_is_a_new_incident(
    ephemeral: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    sensors = Sensors(ephemeral, warehouse)
    job = job_that_reads(broken)
    job.execute_in_process(instance=ephemeral, raise_on_error=False)
    sensors.tick()
    broken.unlink()
    job.execute_in_process(instance=ephemeral)
    sensors.tick()
    broken.touch()
    job.execute_in_process(instance=ephemeral, raise_on_error=False)
    sensors.tick()
    assert [(status, n) for _, _, status, n in alerts(warehouse)] == [("resolved", 1), ("open", 1)]
    assert message_count(warehouse) == 2


def test_what_succeeded_before_anybody_was_told_is_no_incident(
    ephemeral: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    sensors = Sensors(ephemeral, warehouse)
    job = job_that_reads(broken)
    job.execute_in_process(instance=ephemeral, raise_on_error=False)
    broken.unlink()
    job.execute_in_process(instance=ephemeral)
    sensors.tick(recovered_runs_sensor, failed_runs_sensor)
    assert alerts(warehouse) == []


def test_an_old_success_does_not_close_a_newer_failure(
    ephemeral: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    sensors = Sensors(ephemeral, warehouse)
    job = job_that_reads(broken)
    broken.unlink()
    job.execute_in_process(instance=ephemeral)
    broken.touch()
    job.execute_in_process(instance=ephemeral, raise_on_error=False)
    sensors.tick(failed_runs_sensor, recovered_runs_sensor)
    assert alerts(warehouse) == [("platform.run_failed", "a_job", "open", 1)]


def test_a_run_that_dagster_starts_again_by_itself_is_not_reported(
    ephemeral: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    sensors = Sensors(ephemeral, warehouse)
    job_that_reads(broken).execute_in_process(
        instance=ephemeral, raise_on_error=False, tags={"dagster/will_retry": "true"}
    )
    sensors.tick()
    assert alerts(warehouse) == []


def test_assets_without_a_job_are_closed_by_whatever_materializes_them(
    ephemeral: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    @dg.asset
    def first() -> None: ...

    @dg.asset
    def second() -> None:
        if broken.exists():
            raise RuntimeError("no")

    defs = dg.Definitions(assets=[first, second], jobs=[dg.define_asset_job("both")])
    sensors = Sensors(ephemeral, warehouse)
    for selection in (["second"], ["first", "second"]):
        defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=ephemeral, raise_on_error=False, asset_selection=[dg.AssetKey(name) for name in selection]
        )
    sensors.tick()
    assert alerts(warehouse) == [("platform.run_failed", "assets second", "open", 2)]
    broken.unlink()
    defs.resolve_job_def("both").execute_in_process(instance=ephemeral)
    sensors.tick()
    assert alerts(warehouse) == [("platform.run_failed", "assets second", "resolved", 2)]


def checked_asset(flag: Path, severity: dg.AssetCheckSeverity) -> dg.Definitions:
    @dg.asset
    def table() -> None: ...

    @dg.asset_check(asset=table, blocking=True)
    def holds() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=not flag.exists(), severity=severity, description="three rows are wrong")

    @dg.asset_check(asset=table)
    def not_blocking() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    return dg.Definitions(assets=[table], asset_checks=[holds, not_blocking], jobs=[dg.define_asset_job("load")])


def look_once(
    defs: dg.Definitions, instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings, now: datetime
) -> str:
    said, _ = look(instance, defs.get_repository_def(), warehouse, settings, Memory(now, now), now)
    return said


def test_a_failed_blocking_check_is_the_checks_incident_and_not_the_runs(
    instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings, broken: Path
) -> None:
    defs = checked_asset(broken, dg.AssetCheckSeverity.ERROR)
    sensors = Sensors(instance, warehouse)
    for count in (1, 2):
        defs.resolve_job_def("load").execute_in_process(instance=instance, raise_on_error=False)
        sensors.tick()
        look_once(defs, instance, warehouse, settings, datetime.now(UTC))
        assert alerts(warehouse) == [("platform.check_failed", "table:holds", "open", count)]
    assert message_count(warehouse) == 1
    [said] = warehouse.rows(sql.SQL("SELECT body FROM alerts.alerts"))
    assert "three rows are wrong" in said["body"]

    broken.unlink()
    defs.resolve_job_def("load").execute_in_process(instance=instance)
    sensors.tick()
    said_then = look_once(defs, instance, warehouse, settings, datetime.now(UTC))
    assert alerts(warehouse) == [("platform.check_failed", "table:holds", "resolved", 2)]
    assert "resolved 1 (platform.check_failed table:holds)" in said_then


def test_a_warning_tells_nobody(
    instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings, broken: Path
) -> None:
    defs = checked_asset(broken, dg.AssetCheckSeverity.WARN)
    sensors = Sensors(instance, warehouse)
    assert defs.resolve_job_def("load").execute_in_process(instance=instance).success
    sensors.tick()
    look_once(defs, instance, warehouse, settings, SUNDAY)
    assert alerts(warehouse) == []


def test_a_failure_that_the_sensor_could_not_report_is_reported_by_the_watchdog(
    instance: dg.DagsterInstance, warehouse: Warehouse, settings: Settings, broken: Path
) -> None:
    job = job_that_reads(broken)
    away = Warehouse(
        "postgresql://nobody@127.0.0.1:9/none", organization_id=settings.organization_id, connect_timeout_s=1
    )
    sensors = Sensors(instance, away)
    job.execute_in_process(instance=instance, raise_on_error=False)
    sensors.tick()
    away.close()
    assert any("127.0.0.1" in error for error in sensors.errors)

    defs = dg.Definitions(jobs=[job])
    soon, later = datetime.now(UTC), datetime.now(UTC) + timedelta(minutes=6)
    look_once(defs, instance, warehouse, settings, soon)
    assert alerts(warehouse) == [], "the sensor still has time"
    for _ in range(3):
        look_once(defs, instance, warehouse, settings, later)
    assert alerts(warehouse) == [("platform.run_failed", "a_job", "open", 1)]

    broken.unlink()
    job.execute_in_process(instance=instance)
    look_once(defs, instance, warehouse, settings, later)
    assert alerts(warehouse) == [("platform.run_failed", "a_job", "resolved", 1)]


def test_the_watchdog_sensor_says_what_it_looked_at_and_remembers_little(
    instance: dg.DagsterInstance, warehouse: Warehouse, broken: Path
) -> None:
    defs = dg.Definitions(sensors=[watchdog], resources={"warehouse": warehouse})
    cursor: str | None = "not json"
    for _ in range(2):
        with dg.build_sensor_context(
            instance=instance,
            cursor=cursor,
            resources={"warehouse": warehouse},
            repository_def=defs.get_repository_def(),
        ) as context:
            result: Any = watchdog.evaluate_tick(context)
        cursor = result.cursor
        assert "looked at 0 checks and 1 sensors and schedules" in result.skip_message
        assert cursor is not None
        assert len(cursor) < 500


def test_what_the_watchdog_cannot_know_it_says(
    instance: dg.DagsterInstance, warehouse: Warehouse, warehouse_url: str, settings: Settings
) -> None:
    defs = dg.Definitions()
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE rtms.pulls RENAME TO pulls_away")
    said = look_once(defs, instance, warehouse, settings, SUNDAY)
    assert 'not known: platform.stale_data: relation "rtms.pulls" does not exist' in said

    away = Warehouse(
        "postgresql://nobody@127.0.0.1:9/none", organization_id=settings.organization_id, connect_timeout_s=1
    )
    memory = Memory(SUNDAY, SUNDAY, {("platform.not_ticking", "x"): SUNDAY})
    said, after = look(instance, defs.get_repository_def(), away, settings, memory, SUNDAY + timedelta(minutes=1))
    away.close()
    assert said.startswith("the alerts cannot be read, so nobody can be told anything")
    assert after == replace(memory, looked_at=SUNDAY + timedelta(minutes=1))
