"""The history of the platform itself, as an asset: its size over time is a plot in the UI."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from factory_pipelines.settings import load_settings


class RetentionConfig(dg.Config):
    """How one pruning runs; the daily schedule uses the defaults."""

    dry_run: bool = Field(default=False, description="Only count what would be deleted.")
    run_days: int | None = Field(
        default=None, ge=1, description="Keep runs for so many days; default: FACTORY_RETENTION__RUN_DAYS."
    )
    max_runs: int = Field(default=5_000, ge=1, description="Delete at most so many runs; the next day goes on.")
    max_seconds: float = Field(default=600.0, gt=0, description="Begin no deletion later than this.")


@dg.asset(
    key=["operations", "retention"],
    group_name="operations",
    kinds={"dagster", "postgres"},
    owners=["team:platform"],
    code_version="1",
)
def retention(context: dg.AssetExecutionContext, config: RetentionConfig) -> dg.MaterializeResult[Any]:
    """Deletes Dagster's old runs with events, logs and check results; whatever is the latest of an asset stays."""
    # Here, because SQLAlchemy and Dagster's storage cost every process that loads the code location a second.
    from factory_pipelines.operations.retention import Limits, prune

    run_days = config.run_days or load_settings().retention.run_days
    limits = Limits(run_days, config.max_runs, config.max_seconds, config.dry_run)
    pruned = prune(context.instance, limits, datetime.now(UTC))
    metadata: dict[str, Any] = {
        "dry_run": config.dry_run,
        "kept_days": run_days,
        "runs_deleted": pruned.runs_deleted,
        "old_runs_kept": pruned.runs_kept,
        "check_results_deleted": pruned.check_results_deleted,
        "is_complete": pruned.is_complete,
    }
    if pruned.bytes_before is not None and pruned.bytes_after is not None:
        metadata |= {"bytes_before": pruned.bytes_before, "bytes_after": pruned.bytes_after}
    return dg.MaterializeResult(metadata=metadata)


RETENTION_JOB = dg.define_asset_job(
    "retention",
    selection=dg.AssetSelection.assets(retention),
    executor_def=dg.in_process_executor,
    description="Deletes Dagster's old runs and their events.",
)


@dg.schedule(
    job=RETENTION_JOB,
    cron_schedule="40 3 * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="At night: Dagster's history older than FACTORY_RETENTION__RUN_DAYS.",
)
def nightly_retention(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One pruning a night."""
    return dg.RunRequest(run_key=f"retention:{context.scheduled_execution_time:%Y-%m-%d}")
