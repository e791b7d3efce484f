"""When the cameras are looked after: every ten minutes whether one is dark, each hour what came of them."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from factory_pipelines.cameras.tables import HOURLY, STATUS
from factory_pipelines.settings import load_settings

STATUS_JOB = dg.define_asset_job(
    "camera_status",
    selection=dg.AssetSelection.assets(STATUS.key),
    description="Which cameras are dark; a dark one fails a check.",
    executor_def=dg.in_process_executor,
)

HOURS_JOB = dg.define_asset_job(
    "camera_hours",
    selection=dg.AssetSelection.assets(HOURLY.key),
    description="Hours of the cameras, for one production day. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=STATUS_JOB,
    cron_schedule="3-59/10 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: is a camera dark?",
)
def camera_status_every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The cameras as they are now."""
    return dg.RunRequest(run_key=f"cameras:{context.scheduled_execution_time.astimezone(UTC):%Y-%m-%dT%H:%M}")


@dg.schedule(
    job=HOURS_JOB,
    cron_schedule="6 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour: the production day of the hour that has just ended.",
)
def hourly_camera_figures(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day in which the last hour began: its first run after the day's end closes it."""
    at: datetime = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at - timedelta(hours=1)).isoformat()
    return dg.RunRequest(run_key=f"camera-hours:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day)
