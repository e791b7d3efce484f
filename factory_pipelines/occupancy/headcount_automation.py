"""When headcounts are written, the doors corrected, and days learned from."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from factory_pipelines.occupancy.headcount_tables import HEADCOUNT_CORRECTIONS, HEADCOUNT_LEARNING, HEADCOUNTS
from factory_pipelines.occupancy.scheduler import DRIFT_CORRECTION
from factory_pipelines.orchestration.schedules import after_day_start
from factory_pipelines.settings import Settings, load_settings

HEADCOUNT_JOB = dg.define_asset_job(
    "occupancy_headcount",
    selection=dg.AssetSelection.assets(HEADCOUNTS.key),
    description="Headcount of a production day, every ten minutes of it, and capacity alerts. Safe to repeat.",
    executor_def=dg.in_process_executor,
)

CORRECTION_JOB = dg.define_asset_job(
    "correct_door_drift",
    selection=dg.AssetSelection.assets(HEADCOUNT_CORRECTIONS.key),
    description="The nightly correction of the doors' drift, once for each area. Safe to repeat.",
    executor_def=dg.in_process_executor,
)

LEARNING_JOB = dg.define_asset_job(
    "occupancy_learn",
    selection=dg.AssetSelection.assets(HEADCOUNTS.key, HEADCOUNT_LEARNING.key),
    description="A day that is over, late events included, and what it taught. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


def headcount_request(settings: Settings, at: datetime) -> dg.RunRequest:
    """The running production day."""
    day = settings.plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"headcount:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day)


def correction_request(settings: Settings, at: datetime) -> dg.RunRequest:
    """The production day whose night it is."""
    day = settings.plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"drift:{day}", partition_key=day)


def learning_request(settings: Settings, at: datetime) -> dg.RunRequest:
    """The production day that has just ended."""
    day = (settings.plant.clock().production_day(at) - timedelta(days=1)).isoformat()
    return dg.RunRequest(run_key=f"headcount-learn:{day}", partition_key=day)


def _at_night() -> str:
    at = load_settings().occupancy.correction_time
    return f"{at.minute} {at.hour} * * *"


@dg.schedule(
    job=HEADCOUNT_JOB,
    cron_schedule="2-59/10 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: headcount of the running day, and capacity alerts.",
)
def headcount_every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run of the running day."""
    return headcount_request(load_settings(), context.scheduled_execution_time)


@dg.schedule(
    name=DRIFT_CORRECTION.job_id,
    job=CORRECTION_JOB,
    cron_schedule=_at_night(),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="At 03:00 plant time: what the doors missed is put right, as an event with its reason.",
)
def nightly_drift_correction(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run of the night's production day."""
    return correction_request(load_settings(), context.scheduled_execution_time)


@dg.schedule(
    job=LEARNING_JOB,
    cron_schedule=after_day_start(30),
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="When a production day is over: its headcount once more, and what it taught.",
)
def learn_from_closed_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run of the day that has just ended."""
    return learning_request(load_settings(), context.scheduled_execution_time)
