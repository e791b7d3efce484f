"""When production is pulled and computed.

- every ten minutes: the running day, from the pull to the efficiency tables, in one process;
- after every pull: breaches, and what the running day's numbers mean (automation conditions);
- after the day's end: the day once more, complete, then patterns, training, the forecast and insights.
"""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from factory_pipelines.orchestration.schedules import after_day_start
from factory_pipelines.production.rtms_tables import SESSION_WISE_PRODUCTION, SUPERVISORS
from factory_pipelines.production.tables import (
    EFFICIENCY_BY_LEVEL,
    EMPLOYEE_EFFICIENCY,
    INSIGHTS,
    LINE_OUTPUT,
    OPERATION_BENCHMARK,
    PATTERNS,
)
from factory_pipelines.settings import Settings, load_settings

_FORECAST = [["production", "efficiency_model"], ["production", "efficiency_forecast"]]
_TABLES = [SESSION_WISE_PRODUCTION, OPERATION_BENCHMARK, EMPLOYEE_EFFICIENCY, EFFICIENCY_BY_LEVEL, LINE_OUTPUT]

PULL_JOB = dg.define_asset_job(
    "rtms_pull",
    selection=dg.AssetSelection.assets(*[t.key for t in _TABLES]),
    description="Pulls one production day from RTMS and recomputes its efficiency tables. Safe to repeat.",
    executor_def=dg.in_process_executor,
)

SUPERVISORS_JOB = dg.define_asset_job(
    "rtms_supervisors",
    selection=dg.AssetSelection.assets(SUPERVISORS.key),
    description="Pulls who supervises whom.",
    executor_def=dg.in_process_executor,
)

DAY_CLOSE_JOB = dg.define_asset_job(
    "close_production_day",
    selection=dg.AssetSelection.assets(*[t.key for t in _TABLES], PATTERNS.key, *_FORECAST, INSIGHTS.key),
    description="The complete day: its last pull, its tables and patterns, then training, forecast and insights.",
    executor_def=dg.in_process_executor,
)


def pull_request(settings: Settings, at: datetime) -> dg.RunRequest:
    """The ten-minute pull due at ``at``: the production day that is running then.

    The run key is the tick's own time, so that a tick evaluated twice pulls once.
    """
    day = settings.plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"rtms:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day)


def closed_day(settings: Settings, at: datetime) -> date:
    """The production day that was over last at ``at``."""
    return settings.plant.clock().production_day(at) - timedelta(days=1)


@dg.schedule(
    job=PULL_JOB,
    cron_schedule="*/10 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: the running production day.",
)
def every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One pull of the running day."""
    return pull_request(load_settings(), context.scheduled_execution_time)


@dg.schedule(
    job=DAY_CLOSE_JOB,
    cron_schedule=after_day_start(15),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="A quarter of an hour after the production day ends: its final state, training, forecast, insights.",
)
def after_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Closes the production day that has just ended."""
    day = closed_day(load_settings(), context.scheduled_execution_time).isoformat()
    return dg.RunRequest(run_key=f"close:{day}", partition_key=day)


@dg.schedule(
    job=SUPERVISORS_JOB,
    cron_schedule="5 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Hourly: who supervises whom.",
)
def hourly_supervisors(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Pulls the supervisors."""
    return dg.RunRequest(run_key=f"supervisors:{context.scheduled_execution_time.astimezone(UTC):%Y-%m-%dT%H}")


alerts_on_new_efficiency = dg.AutomationConditionSensorDefinition(
    "alerts_on_new_efficiency",
    target=dg.AssetSelection.assets(["production", "efficiency_alerts"]),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Decides upon breaches as soon as a pull's efficiency table is there.",
)

# Apart from the alerts' sensor: a language model may take a minute, and nobody must wait for it.
insights_on_new_efficiency = dg.AutomationConditionSensorDefinition(
    "insights_on_new_efficiency",
    target=dg.AssetSelection.assets(PATTERNS.key, INSIGHTS.key),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Patterns and insights of the running day, whenever its tables have changed.",
)
