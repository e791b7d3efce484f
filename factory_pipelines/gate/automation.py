"""When the gate's hours and days are computed: each hour for the running day, and once more when a day is over."""

from datetime import UTC, timedelta

import dagster as dg

from factory_pipelines.gate.tables import DAILY, HOURLY
from factory_pipelines.orchestration.schedules import after_day_start
from factory_pipelines.settings import load_settings

AGGREGATES_JOB = dg.define_asset_job(
    "gate_aggregates",
    selection=dg.AssetSelection.assets(HOURLY.key, DAILY.key),
    description="Hours and days of the gates, for one production day. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=AGGREGATES_JOB,
    cron_schedule="4 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour: the running production day of the gates.",
)
def hourly_gate_aggregates(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The running day."""
    at = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"gate:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day)


@dg.schedule(
    job=AGGREGATES_JOB,
    cron_schedule=after_day_start(25),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="When a production day is over: its gates once more, complete, spooled events included.",
)
def closed_gate_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day that has just ended."""
    today = load_settings().plant.clock().production_day(context.scheduled_execution_time)
    day = (today - timedelta(days=1)).isoformat()
    return dg.RunRequest(run_key=f"gate-close:{day}", partition_key=day)
