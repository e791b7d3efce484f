"""When attendance is computed: every ten minutes the running day, and whatever late punches have touched.

And when files are taken in: as soon as one lies in the inbox that nobody writes to any more.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from factory_pipelines.attendance.tables import (
    EMPLOYEE_ATTENDANCE,
    PAYROLL_LINES,
    PUNCH_FILES,
    PUNCH_LEDGER,
    PUNCHES,
)
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
# So that an inbox that cannot be read any more is seen, and the asset does not look stale without files.
_LOOK_AT_LEAST = timedelta(hours=1)

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


FILES_JOB = dg.define_asset_job(
    "import_punch_files",
    selection=dg.AssetSelection.assets(PUNCH_FILES.key),
    description="Takes in the files of the inbox, each once. Safe to repeat.",
    executor_def=dg.in_process_executor,
)


@dg.sensor(
    job=FILES_JOB,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run when a whole file waits in the inbox; at least once an hour.",
)
def punch_files_sensor(
    context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.SensorResult | dg.SkipReason:
    """Looks, and asks for one run at a time. The cursor is when the next one is due without a file."""
    from factory_pipelines.attendance.inbox import waiting_files

    settings, now = load_settings(), datetime.now(UTC)
    if settings.attendance.inbox is None:
        return dg.SkipReason("no inbox is configured (FACTORY_ATTENDANCE__INBOX)")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=FILES_JOB.name, statuses=_UNDER_WAY)):
        return dg.SkipReason("an import is under way")
    waiting = waiting_files(warehouse, settings, now=now)
    if not waiting and context.cursor and now.isoformat() < context.cursor:
        return dg.SkipReason("no file waits")
    # No run key: Dagster never runs a key twice, and a file is taken once whoever asks how often.
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=(now + _LOOK_AT_LEAST).isoformat())
