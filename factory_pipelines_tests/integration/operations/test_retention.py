"""Retention on Dagster's real storage: what is old goes, the latest stays, the UI's questions are still answered."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster import AssetKey, DagsterEventType, DagsterRunStatus

from factory_pipelines.operations.assets import RetentionConfig, retention
from factory_pipelines.operations.retention import Limits, database_bytes, prune

DAYS = dg.DailyPartitionsDefinition("2026-01-01")
PARTITIONED, SEEN, PLAIN = AssetKey("by_day"), AssetKey("seen"), AssetKey("plain")


@dg.asset(partitions_def=DAYS)
def by_day() -> None: ...


@dg.asset
def plain() -> None: ...


@dg.asset_check(asset=plain)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.op
def nothing(context: dg.OpExecutionContext) -> None:
    context.log.info("x" * 2_000)


@dg.op
def observes(context: dg.OpExecutionContext) -> None:
    context.log_event(dg.AssetObservation("seen"))


@dg.job
def empty_job() -> None:
    nothing()


@dg.job
def observing_job() -> None:
    observes()


DEFS = dg.Definitions(assets=[by_day, plain], asset_checks=[holds], jobs=[empty_job, observing_job])


class History:
    """Runs on an instance, made old at will."""

    def __init__(self, instance: dg.DagsterInstance, address: str) -> None:
        self.instance = instance
        self.address = address

    def run(self, job: str, **how: object) -> str:
        result = DEFS.resolve_job_def(job).execute_in_process(instance=self.instance, **how)  # type: ignore[arg-type]
        return result.run_id

    def asset(self, key: AssetKey, partition: str | None = None) -> str:
        return self.run("__ASSET_JOB", asset_selection=[key], partition_key=partition)

    def record(self) -> str:
        """A run with an event, written without executing anything: a hundred executed ones take a minute."""
        run = self.instance.add_run(dg.DagsterRun(job_name="empty_job", status=DagsterRunStatus.SUCCESS))
        self.instance.report_engine_event("x" * 2_000, run)
        return run.run_id

    def grow_old(self, days: int) -> None:
        with psycopg.connect(self.address, autocommit=True) as conn:
            shift = {"days": timedelta(days=days)}
            conn.execute("UPDATE runs SET update_timestamp = update_timestamp - %(days)s", shift)
            conn.execute("UPDATE asset_check_executions SET create_timestamp = create_timestamp - %(days)s", shift)

    def count(self, table: str) -> int:
        with psycopg.connect(self.address) as conn:
            row = conn.execute(
                psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
            ).fetchone()
        assert row is not None
        return int(row[0])

    def run_ids(self) -> set[str]:
        return set(self.instance.get_run_ids())


@pytest.fixture
def history(instance: dg.DagsterInstance, dagster_address: str) -> Iterator[History]:
    return History(instance, dagster_address)


def now() -> datetime:
    return datetime.now(UTC)


def test_old_runs_go_and_the_latest_of_everything_stays(history: History, tmp_path: Path) -> None:
    for _ in range(90):
        history.record()
    for _ in range(2):
        superseded = {
            history.asset(PLAIN),
            history.asset(PARTITIONED, "2026-01-01"),
            history.asset(PARTITIONED, "2026-01-02"),
            history.run("observing_job"),
        }
    latest = superseded
    history.grow_old(31)
    recent = {history.run("empty_job"), *(history.record() for _ in range(4))}
    assert len(history.run_ids()) == 103
    assert len(list(tmp_path.rglob("*.err"))) == 9

    instance = history.instance
    before = database_bytes(instance)
    pruned = prune(instance, Limits(run_days=30), now())
    assert (pruned.runs_deleted, pruned.runs_kept, pruned.is_complete) == (94, 4, True)
    assert pruned.check_results_deleted == 1
    assert pruned.bytes_before == before
    assert pruned.bytes_after is not None
    assert history.run_ids() == latest | recent
    assert len(list(tmp_path.rglob("*.err"))) == 5

    # What the UI asks.
    assert instance.get_latest_materialization_event(PLAIN) is not None
    assert instance.get_materialized_partitions(PARTITIONED) == {"2026-01-01", "2026-01-02"}
    assert len(instance.fetch_observations(SEEN, limit=10).records) == 1
    check = dg.AssetCheckKey(PLAIN, "holds")
    [record] = instance.event_log_storage.get_latest_asset_check_execution_by_key([check]).values()
    assert record.run_id in latest
    assert instance.get_runs_count() == 9
    assert [r.dagster_run.status for r in instance.get_run_records(limit=3)] == [DagsterRunStatus.SUCCESS] * 3
    [asset] = instance.get_asset_records([PLAIN])
    assert asset.asset_entry.last_run_id in latest
    with psycopg.connect(history.address) as conn:
        orphans = conn.execute("SELECT count(*) FROM event_logs WHERE run_id NOT IN (SELECT run_id FROM runs)")
        assert orphans.fetchone() == (0,)

    again = prune(instance, Limits(run_days=30), now())
    assert (again.runs_deleted, again.runs_kept, again.check_results_deleted) == (0, 4, 0)


def test_a_dry_run_counts_and_deletes_nothing(history: History) -> None:
    for _ in range(2):
        history.asset(PLAIN)
    history.run("empty_job")
    history.grow_old(31)
    rows = history.count("event_logs"), history.count("asset_check_executions")
    pruned = prune(history.instance, Limits(run_days=30, dry_run=True), now())
    assert (pruned.runs_deleted, pruned.runs_kept, pruned.check_results_deleted) == (2, 1, 1)
    assert (history.count("event_logs"), history.count("asset_check_executions")) == rows


def test_limits_end_a_pruning_and_the_next_goes_on_with_the_oldest(history: History) -> None:
    runs = [history.record() for _ in range(4)]
    history.grow_old(31)
    first = prune(history.instance, Limits(run_days=30, max_runs=3), now())
    assert (first.runs_deleted, first.is_complete) == (3, False)
    assert history.run_ids() == {runs[-1]}
    late = prune(history.instance, Limits(run_days=30, max_seconds=-1.0), now())
    assert (late.runs_deleted, late.is_complete) == (0, False)
    assert prune(history.instance, Limits(run_days=30), now()).runs_deleted == 1


def test_a_result_survives_a_later_run_that_died_before_its_check(history: History) -> None:
    evaluated = history.asset(PLAIN)
    planned = history.asset(PLAIN)
    with psycopg.connect(history.address, autocommit=True) as conn:
        conn.execute(
            "UPDATE asset_check_executions SET execution_status = 'PLANNED', evaluation_event = NULL WHERE run_id = %s",
            [planned],
        )
    history.grow_old(31)
    pruned = prune(history.instance, Limits(run_days=30), now())
    assert (pruned.runs_deleted, pruned.check_results_deleted) == (0, 0)
    assert history.run_ids() == {evaluated, planned}


def test_a_run_that_is_not_over_stays(history: History) -> None:
    running = dg.DagsterRun(job_name="empty_job", status=DagsterRunStatus.STARTED)
    history.instance.add_run(running)
    history.grow_old(400)
    assert prune(history.instance, Limits(run_days=30), now()).runs_deleted == 0
    assert history.run_ids() == {running.run_id}


def test_it_is_an_asset_with_its_figures(history: History) -> None:
    history.run("empty_job")
    history.grow_old(31)
    result = dg.materialize([retention], instance=history.instance)
    [event] = result.asset_materializations_for_node("operations__retention")
    metadata = {name: value.value for name, value in event.metadata.items()}
    assert metadata["runs_deleted"] == 1
    assert metadata["dry_run"] is False
    assert metadata["bytes_before"] > 0
    assert metadata["bytes_after"] > 0
    dry = dg.RunConfig(ops={"operations__retention": RetentionConfig(dry_run=True)})
    assert dg.materialize([retention], instance=history.instance, run_config=dry).success


def test_without_postgresql_only_the_size_is_unknown() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        DEFS.resolve_job_def("empty_job").execute_in_process(instance=instance)
        pruned = prune(instance, Limits(run_days=30), now() + timedelta(days=31))
        assert (pruned.runs_deleted, pruned.bytes_before) == (1, None)
        assert not instance.get_records_for_run("x", of_type=DagsterEventType.RUN_START).records
