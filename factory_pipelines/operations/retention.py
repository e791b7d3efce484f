"""Dagster's history, pruned: old runs go with their events, logs and check results; what the UI shows as latest stays.

Dagster prunes its ticks by itself (``retention`` in ``dagster.yaml``), but not runs and events, which grow and grow.
A run is kept when it holds the latest materialization or observation of an asset, or of one of its partitions, or the
latest evaluation of a check: without those, assets would look as if they had never been computed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from dagster import DagsterEventType, DagsterRunStatus

# Dagster has no public way to ask for the latest event of every partition at once, nor to forget old check results;
# imported here only, so that a release which moves these tables is one loud import error.
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from sqlalchemy.pool import NullPool

_FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
_LATEST_OF = [DagsterEventType.ASSET_MATERIALIZATION.value, DagsterEventType.ASSET_OBSERVATION.value]
_VACUUM = sa.text("VACUUM (ANALYZE) event_logs, asset_event_tags, asset_check_executions, runs, run_tags, job_ticks")


@dataclass(frozen=True)
class Limits:
    """How much is pruned at once.

    Attributes:
        run_days: runs that ended before so many days go.
        max_runs: runs deleted at most; the oldest go first.
        max_seconds: no deletion begins later than this.
        dry_run: only count.
    """

    run_days: int
    max_runs: int = 5_000
    max_seconds: float = 600.0
    dry_run: bool = False


@dataclass(frozen=True)
class Pruned:
    """What was found and done.

    Attributes:
        runs_deleted: old runs deleted (dry run: that would be).
        runs_kept: old runs that hold something latest.
        check_results_deleted: old results of checks deleted (dry run: that would be).
        bytes_before: size of Dagster's database; None where it is not PostgreSQL.
        bytes_after: likewise; space made free inside the files is reused, and only in part given back to the disk.
        is_complete: False when a limit ended it before all old runs were gone; the next run goes on.
    """

    runs_deleted: int
    runs_kept: int
    check_results_deleted: int
    bytes_before: int | None
    bytes_after: int | None
    is_complete: bool


def prune(instance: dg.DagsterInstance, limits: Limits, now: datetime) -> Pruned:
    """Deletes what is older than ``limits.run_days`` and not the latest of anything."""
    cutoff = now - timedelta(days=limits.run_days)
    bytes_before = database_bytes(instance)
    needed = runs_with_latest(instance)
    # Ids only, newest first; what holds the latest of something stays in this list for good, and is a few runs a day.
    old = instance.get_run_ids(dg.RunsFilter(statuses=_FINISHED, updated_before=cutoff))
    doomed = [run_id for run_id in reversed(old) if run_id not in needed]
    if limits.dry_run:
        deleted = len(doomed[: limits.max_runs])
    else:
        deleted = _delete(instance, doomed[: limits.max_runs], time.monotonic() + limits.max_seconds)
    checks = _forget_check_results(instance, cutoff, dry_run=limits.dry_run)
    if not limits.dry_run:
        _vacuum(instance)
    return Pruned(
        runs_deleted=deleted,
        runs_kept=len(old) - len(doomed),
        check_results_deleted=checks,
        bytes_before=bytes_before,
        bytes_after=database_bytes(instance),
        is_complete=deleted == len(doomed),
    )


def runs_with_latest(instance: dg.DagsterInstance) -> set[str]:
    """Runs that hold the latest of something: an asset, a partition of it, a check."""
    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    latest_events = (
        sa.select(sa.func.max(events.id))
        .where(events.dagster_event_type.in_(_LATEST_OF), events.asset_key.is_not(None))
        .group_by(events.asset_key, events.partition, events.dagster_event_type)
    )
    with _events(instance).index_connection() as conn:
        holders = conn.execute(sa.select(events.run_id).where(events.id.in_(latest_events)).distinct()).scalars()
        evaluators = conn.execute(sa.select(checks.run_id).where(checks.id.in_(_latest_results())).distinct()).scalars()
        return {*holders, *evaluators}


def database_bytes(instance: dg.DagsterInstance) -> int | None:
    """Size of the database that Dagster's storage is in; None where that is not PostgreSQL."""
    if (engine := _postgres(instance)) is None:
        return None
    with engine.connect() as conn:
        return int(conn.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())


def _delete(instance: dg.DagsterInstance, run_ids: Sequence[str], give_up_at_s: float) -> int:
    """Deletes runs one by one, so that nobody waits for a long transaction; returns how many there was time for."""
    for number, run_id in enumerate(run_ids):
        if time.monotonic() > give_up_at_s:
            return number
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    return len(run_ids)


def _latest_results() -> sa.Select[tuple[int]]:
    """The latest result of each check and partition, and the latest one only planned: a run may have died on it."""
    checks = AssetCheckExecutionsTable.c
    only_planned = checks.execution_status == AssetCheckExecutionRecordStatus.PLANNED.value
    return sa.select(sa.func.max(checks.id)).group_by(
        checks.asset_key, checks.check_name, checks.partition, only_planned
    )


def _forget_check_results(instance: dg.DagsterInstance, cutoff: datetime, *, dry_run: bool) -> int:
    """Results of checks outlive their runs in a table of their own; the latest of each check and partition stay."""
    checks = AssetCheckExecutionsTable.c
    is_old = sa.and_(checks.create_timestamp < cutoff.replace(tzinfo=None), checks.id.not_in(_latest_results()))
    with _events(instance).index_connection() as conn:
        if dry_run:
            return int(conn.execute(sa.select(sa.func.count()).where(is_old)).scalar_one())
        return int(conn.execute(sa.delete(AssetCheckExecutionsTable).where(is_old)).rowcount)


def _vacuum(instance: dg.DagsterInstance) -> None:
    """Makes the room of deleted rows free for new ones, without locking anybody out."""
    if (engine := _postgres(instance)) is None:
        return
    with engine.connect() as conn:
        conn.execute(_VACUUM)


def _events(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(f"Dagster's events are in {type(storage).__name__}: retention needs a SQL storage")
    return storage


def _postgres(instance: dg.DagsterInstance) -> sa.Engine | None:
    """A connection without transactions of its own, as VACUUM wants it."""
    url: str | None = getattr(instance.run_storage, "postgres_url", None)
    return None if url is None else sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
