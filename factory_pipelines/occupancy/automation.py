"""When occupancy is computed: each hour when it is over, its day right after, the month on the first of the next."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.occupancy.scheduler import DAILY, HOURLY, MONTHLY, ScheduledJob
from factory_pipelines.occupancy.tables import OCCUPANCY_DAILY, OCCUPANCY_HOURLY, OCCUPANCY_MONTHLY
from factory_pipelines.orchestration.partitions import PRODUCTION_HOURS
from factory_pipelines.orchestration.schedules import after_day_start
from factory_pipelines.orchestration.tables import Table
from factory_pipelines.settings import load_settings

_AN_INSTANT = timedelta(microseconds=1)


def _job(table: Table, what: str) -> Any:
    return dg.define_asset_job(
        f"aggregate_{table.name}",
        selection=dg.AssetSelection.assets(table.key),
        description=f"{what}, and every other that late events have touched. Safe to repeat.",
        executor_def=dg.in_process_executor,
    )


HOURS_JOB = _job(OCCUPANCY_HOURLY, "One hour of all areas")
DAYS_JOB = _job(OCCUPANCY_DAILY, "One production day of all areas")
MONTHS_JOB = _job(OCCUPANCY_MONTHLY, "One month of all areas")


def _at(job: ScheduledJob) -> dict[str, Any]:
    return {
        "name": job.job_id,
        "cron_schedule": job.cron,
        "execution_timezone": load_settings().plant.timezone,
        "default_status": dg.DefaultScheduleStatus.RUNNING,
    }


@dg.schedule(job=HOURS_JOB, description="Each hour at :00: the hour that is over, and late events.", **_at(HOURLY))
def hourly_aggregation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The hour that has just ended."""
    at = context.scheduled_execution_time
    key = PRODUCTION_HOURS.get_partition_key_for_timestamp((at - _AN_INSTANT).timestamp())
    return dg.RunRequest(run_key=f"{HOURLY.job_id}:{_stamp(at)}", partition_key=key)


@dg.schedule(job=DAYS_JOB, description="After each hour: the day it belongs to.", **_at(DAILY))
def daily_aggregation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day of the hour that has just ended: in the first hour of a day the one before, now complete."""
    at = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at - timedelta(hours=1))
    return dg.RunRequest(run_key=f"{DAILY.job_id}:{_stamp(at)}", partition_key=day.isoformat())


@dg.schedule(job=MONTHS_JOB, description="On the first at 00:00: the month that is over.", **_at(MONTHLY))
def monthly_aggregation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The month that has just ended by the calendar; its last production day still runs until the next begins."""
    at = context.scheduled_execution_time
    local = (at - _AN_INSTANT).astimezone(load_settings().plant.clock().zone)
    return _month(MONTHLY.job_id, local.date(), at)


@dg.schedule(
    job=MONTHS_JOB,
    name="occupancy_month_to_date",
    cron_schedule=after_day_start(70),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="When a production day is over and added up: its month so far; after its last day the whole month.",
)
def month_to_date(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The month of the production day that has just ended."""
    at = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at) - timedelta(days=1)
    return _month("occupancy_month_to_date", day, at)


def _month(job_id: str, day: date, at: datetime) -> dg.RunRequest:
    return dg.RunRequest(run_key=f"{job_id}:{_stamp(at)}", partition_key=day.replace(day=1).isoformat())


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}"
