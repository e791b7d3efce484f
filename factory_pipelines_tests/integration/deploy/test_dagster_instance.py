"""`dagster.yaml` and the workspace files, loaded by Dagster itself against a real PostgreSQL."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.workspace.load import location_origins_from_yaml_paths
from psycopg import sql

from factory_pipelines.operations.dagster_home import write_configuration
from factory_pipelines.warehouse.addresses import with_login

ROOT = Path(__file__).parents[3]


@pytest.fixture
def instance(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance as deployments make it, in a database of its own."""
    database = f"dagster_{secrets.token_hex(6)}"
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    url = with_login(warehouse_url, database=database).replace("postgresql://", "postgresql+psycopg2://", 1)
    storage, home = tmp_path / "storage", tmp_path / "dagster-home"
    storage.mkdir()
    home.mkdir()
    write_configuration(home)
    monkeypatch.setenv("DAGSTER_PG_URL", url)
    monkeypatch.setenv("DAGSTER_STORAGE_DIR", str(storage))
    with dg.DagsterInstance.from_config(str(home)) as made:
        yield made
    with psycopg.connect(warehouse_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))


def test_dead_runs_are_noticed_and_the_queue_is_bounded(instance: dg.DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_start_timeout_seconds == 180
    assert instance.run_monitoring_max_runtime_seconds == 7200
    assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 4
    assert not instance.telemetry_enabled


def test_ticks_are_pruned(instance: dg.DagsterInstance) -> None:
    for kind in InstigatorType:
        kept_days = instance.get_tick_retention_settings(kind)
        assert all(
            0 < kept_days[status] <= 14 for status in (TickStatus.SKIPPED, TickStatus.SUCCESS, TickStatus.FAILURE)
        )


def test_a_run_is_kept_in_postgresql_and_its_output_in_the_storage_folder(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    @dg.asset
    def spoken() -> dg.MaterializeResult:
        sys.stdout.write("said by the run\n")
        return dg.MaterializeResult(metadata={"rows": 3})

    result = dg.materialize([spoken], instance=instance)
    assert result.success
    event = instance.get_latest_materialization_event(dg.AssetKey("spoken"))
    assert event is not None
    assert event.run_id == result.run_id
    captured = list((tmp_path / "storage").rglob("*.out"))
    assert [file.read_text().strip() for file in captured] == ["said by the run"]
    assert not list((tmp_path / "dagster-home").rglob("*.db")), "nothing may fall back to SQLite"


def test_the_workstation_loads_the_code_and_a_deployment_asks_the_code_server(monkeypatch: pytest.MonkeyPatch) -> None:
    (origin,) = location_origins_from_yaml_paths([str(ROOT / "workspace.yaml")])
    assert isinstance(origin, ManagedGrpcPythonEnvCodeLocationOrigin)
    assert origin.loadable_target_origin.module_name == "factory_pipelines.definitions"

    monkeypatch.setenv("FACTORY_CODE_SERVER_HOST", "code-server")
    monkeypatch.setenv("FACTORY_CODE_SERVER_PORT", "4000")
    (origin,) = location_origins_from_yaml_paths([str(ROOT / "deploy" / "workspace.yaml")])
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    assert (origin.host, origin.port, origin.location_name) == ("code-server", 4000, "factory_pipelines")
