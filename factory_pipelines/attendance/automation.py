"""When attendance is computed: every ten minutes the running day, and whatever late punches have touched."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from factory_pipelines.attendance.tables import EMPLOYEE_ATTENDANCE, PAYROLL_LINES, PUNCH_LEDGER, PUNCHES
from factory_pipelines.settings import Settings, load_settings

ATTENDANCE_JOB = dg.define_asset_job(
    "compute_attendance",
    selection=dg.AssetSelection.assets(PUNCHES.key, EMPLOYEE_ATTENDANCE.key, PUNCH_LEDGER.key, PAYROLL_LINES.key),
    description="A production day of everybody, and every day that late punches touched. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


def attendance_request(settings: Settings, at: datetime) -> dg.RunRequest:
    """The run due at ``at``; in the first hour of a day the day that has just ended, once more."""
    clock = settings.plant.clock()
    day = clock.production_day(at - timedelta(hours=1))
    return dg.RunRequest(run_key=f"attendance:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", partition_key=day.isoformat())


@dg.schedule(
    job=ATTENDANCE_JOB,
    cron_schedule="5-59/10 * * * *",
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: attendance of the running day, and of days with late punches.",
)
def attendance_every_ten_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run of the running day."""
    return attendance_request(load_settings(), context.scheduled_execution_time)
