"""The data-age check as Dagster runs it: for a production day, by its schedule, and by hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import dagster as dg
import psycopg
import pytest

from factory_pipelines.operations.checks import data_is_fresh, quarter_hourly_data_age
from factory_pipelines.operations.definitions import definitions
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

DAY = date(2026, 3, 4)  # a working day, long closed
AFTER_ITS_END = datetime(2026, 3, 5, 0, 45, tzinfo=UTC)  # 06:15 in Kolkata
DURING_IT = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)


@pytest.fixture
def ephemeral() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def defs(warehouse: Warehouse) -> dg.Definitions:
    pull = dg.AssetSpec(["rtms", "session_wise_production"], partitions_def=PRODUCTION_DAYS)
    return dg.Definitions.merge(definitions(), dg.Definitions(assets=[pull], resources={"warehouse": warehouse}))


@pytest.fixture
def pulled(warehouse_url: str, settings: Settings) -> Callable[[datetime], None]:
    def insert(at: datetime) -> None:
        with psycopg.connect(warehouse_url, autocommit=True) as admin:
            admin.execute(
                "INSERT INTO rtms.pulls (organization_id, production_day, source, started_at, finished_at)"
                " VALUES (%s, %s, 'demo', %s, %s)",
                [settings.organization_id, DAY, at, at],
            )

    return insert


def check(defs: dg.Definitions, instance: dg.DagsterInstance, day: date | None = DAY) -> dg.AssetCheckEvaluation:
    tags = {"dagster/partition": day.isoformat()} if day else {}
    result = defs.resolve_job_def("data_age").execute_in_process(instance=instance, tags=tags)
    assert result.success, "a stale table must not stop anything"
    [evaluation] = result.get_asset_check_evaluations()
    return evaluation


def test_never_pulled_is_a_failure_with_a_remedy(defs: dg.Definitions, ephemeral: dg.DagsterInstance) -> None:
    found = check(defs, ephemeral)
    assert not found.passed
    assert not found.blocking
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.description == "production day 2026-03-04 has never been pulled: its age is unknown"
    assert "--partition 2026-03-04" in str(found.metadata["remedy"].value)


def test_a_day_pulled_after_its_end_is_complete(
    defs: dg.Definitions, ephemeral: dg.DagsterInstance, pulled: Callable[[datetime], None]
) -> None:
    pulled(DURING_IT)
    assert not check(defs, ephemeral).passed
    pulled(AFTER_ITS_END)
    fresh = check(defs, ephemeral)
    assert fresh.passed
    assert fresh.metadata["newest_pull_at"].value == AFTER_ITS_END.timestamp()


def test_by_hand_it_looks_at_the_running_day(
    defs: dg.Definitions, ephemeral: dg.DagsterInstance, settings: Settings
) -> None:
    found = check(defs, ephemeral, day=None)
    running = settings.plant.clock().production_day(datetime.now(UTC))
    assert str(running) in str(found.description)


def test_its_schedule_names_the_running_day(defs: dg.Definitions, ephemeral: dg.DagsterInstance) -> None:
    at = datetime(2026, 3, 4, 23, 57, tzinfo=UTC)  # 05:27 in Kolkata: the day before has not ended
    context = dg.build_schedule_context(
        instance=ephemeral, scheduled_execution_time=at, repository_def=defs.get_repository_def()
    )
    [request] = quarter_hourly_data_age.evaluate_tick(context).run_requests or []
    assert request.run_key == "data_age:2026-03-04T23:57"
    assert request.tags["dagster/partition"] == "2026-03-04"
    assert quarter_hourly_data_age.default_status is dg.DefaultScheduleStatus.RUNNING
    assert data_is_fresh.check_key.name == "data_is_fresh"
