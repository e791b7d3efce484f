"""Forecasts and crowds as Dagster assets, and when they are made: each hour, and once more when a day is over."""

from datetime import UTC, date, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.occupancy.assets import OWNERS, occupancy_hourly
from factory_pipelines.occupancy.crowd_tables import OCCUPANCY_FORECAST, UNUSUAL_CROWDS
from factory_pipelines.orchestration.checks import table_checks
from factory_pipelines.orchestration.partitions import PRODUCTION_DAYS
from factory_pipelines.orchestration.schedules import after_day_start
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.pool import Warehouse

_DAILY: dict[str, Any] = {
    "deps": [occupancy_hourly],
    "partitions_def": PRODUCTION_DAYS,
    "group_name": "occupancy",
    "kinds": {"numpy", "timescaledb"},
    "owners": OWNERS,
    "code_version": "1",
}


@dg.asset(key=OCCUPANCY_FORECAST.key, metadata=OCCUPANCY_FORECAST.metadata(), **_DAILY)
def occupancy_forecast(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Entries and exits expected of each hour of a production day and area, from the days before it alone."""
    from factory_pipelines.occupancy.crowd_store import forecast_day

    rows = forecast_day(warehouse, load_settings().plant.clock(), date.fromisoformat(context.partition_key))
    return dg.MaterializeResult(metadata={"dagster/row_count": rows})


@dg.asset(key=UNUSUAL_CROWDS.key, metadata=UNUSUAL_CROWDS.metadata(), **_DAILY)
def unusual_crowds(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult[Any]:
    """Hours in which far more people passed than on a usual day; the most unusual of a week are alarms."""
    from factory_pipelines.occupancy.crowd_store import find_crowds

    found, alarms = find_crowds(warehouse, load_settings().plant.clock(), date.fromisoformat(context.partition_key))
    return dg.MaterializeResult(metadata={"dagster/row_count": found, "alarms": alarms})


CROWD_CHECKS = [
    table_checks(
        OCCUPANCY_FORECAST,
        query="occupancy/check_occupancy_forecast",
        blocking={"made_of_the_past": "It rests on at most 120 days before, and the likely number lies at the rate."},
        warning={"is_near": "Half of a day's hours miss by at most half of who usually came, and two."},
    ),
    table_checks(
        UNUSUAL_CROWDS,
        query="occupancy/check_unusual_crowds",
        blocking={"values_in_range": "No figure is negative, and an alarm is what exceeds the threshold."},
        warning={"no_alarm": "No crowd of these days is an alarm; its rows say when and how many."},
    ),
]

CROWDS_JOB = dg.define_asset_job(
    "occupancy_patterns",
    selection=dg.AssetSelection.assets(OCCUPANCY_FORECAST.key, UNUSUAL_CROWDS.key),
    description="Forecast and unusual crowds of one production day. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=CROWDS_JOB,
    cron_schedule="14 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each hour: forecast and crowds of the running production day.",
)
def hourly_patterns(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The running day."""
    at = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"patterns:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day)


@dg.schedule(
    job=CROWDS_JOB,
    cron_schedule=after_day_start(35),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="When a production day is over: its crowds once more, complete.",
)
def closed_day_patterns(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day that has just ended."""
    today = load_settings().plant.clock().production_day(context.scheduled_execution_time)
    day = (today - timedelta(days=1)).isoformat()
    return dg.RunRequest(run_key=f"patterns-close:{day}", partition_key=day)
