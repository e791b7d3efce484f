"""When people without consent are forgotten, and old snapshots deleted."""

import dagster as dg

from factory_pipelines.identity.assets import erasures, snapshot_retention
from factory_pipelines.identity.tables import CONSENTS, FACES, RECOGNITIONS
from factory_pipelines.settings import load_settings

ERASURES_JOB = dg.define_asset_job(
    "identity_erasures",
    selection=dg.AssetSelection.assets(erasures),
    description="Ends consents whose time is over, forgets people without one, and checks that nothing is left.",
    executor_def=dg.in_process_executor,
)

# A job of its own: a check that fails must never keep the erasures from mending what it found.
CHECKS_JOB = dg.define_asset_job(
    "identity_checks",
    selection=dg.AssetSelection.checks_for_assets(*(table.key for table in (CONSENTS, FACES, RECOGNITIONS))),
    description="Checks consents, faces and recognitions, which the edge writes.",
    executor_def=dg.in_process_executor,
)

SNAPSHOTS_JOB = dg.define_asset_job(
    "snapshot_retention",
    selection=dg.AssetSelection.assets(snapshot_retention),
    description="Deletes snapshots that are too old. Config: dry_run, retention_days.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=ERASURES_JOB,
    cron_schedule="17 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour: consents that ran out, and erasures that were held up.",
)
def hourly_erasures(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One round an hour."""
    return dg.RunRequest(run_key=f"erasures:{context.scheduled_execution_time:%Y-%m-%dT%H:%M%z}")


@dg.schedule(
    job=CHECKS_JOB,
    cron_schedule="37 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour: nobody is enrolled or named without a consent.",
)
def hourly_identity_checks(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One look an hour."""
    return dg.RunRequest(run_key=f"identity-checks:{context.scheduled_execution_time:%Y-%m-%dT%H:%M%z}")


@dg.schedule(
    job=SNAPSHOTS_JOB,
    cron_schedule="10 3 * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="At night: snapshots older than FACTORY_IDENTITY__RETENTION_DAYS.",
)
def nightly_snapshot_retention(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One clean-up a night."""
    return dg.RunRequest(run_key=f"snapshots:{context.scheduled_execution_time:%Y-%m-%d}")
