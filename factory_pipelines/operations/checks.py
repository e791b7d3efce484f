"""The age of the data as an asset check with its own schedule: when pulls stop, so do checks that come with them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from factory_pipelines.operations.data_age import PULL_REMEDY, DataAge, data_age
from factory_pipelines.orchestration.partitions import PARTITION_TAG, checked_days
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse


def age_of_day(warehouse: Warehouse, settings: Settings, day: date, now: datetime) -> DataAge:
    """The age of a production day's data."""
    [row] = warehouse.rows("operations/newest_pull", {"day": day})
    limit = timedelta(minutes=settings.api.stale_after_min)
    return data_age(settings.plant.clock(), day, row["newest_pull_at"], now, limit)


@dg.asset_check(
    asset=dg.AssetKey(["rtms", "session_wise_production"]),
    name="data_is_fresh",
    blocking=False,
    description="During session hours the newest pull is younger than FACTORY_API__STALE_AFTER_MIN; a closed day was "
    "pulled after its end.",
)
def data_is_fresh(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    """Looks at `rtms.pulls`, not at runs: a run that succeeded for another day says nothing about this one."""
    settings, now = load_settings(), datetime.now(UTC)
    return verdict(age_of_day(warehouse, settings, checked_days(context, now)[1], now))


def verdict(age: DataAge) -> dg.AssetCheckResult:
    """A failure when stale, and when the age is unknown; only a warning while nothing is expected."""
    passed = age.age is not None and not age.is_stale
    metadata: dict[str, Any] = {"production_day": age.day.isoformat(), "expected_now": age.limit is not None}
    if age.newest_pull_at is not None and age.age is not None:
        metadata["newest_pull_at"] = dg.MetadataValue.timestamp(age.newest_pull_at)
        metadata["age_min"] = round(age.age / timedelta(minutes=1), 1)
    if not passed:
        metadata["remedy"] = PULL_REMEDY.format(day=age.day)
    severity = dg.AssetCheckSeverity.WARN if age.limit is None else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(passed=passed, severity=severity, description=age.explanation, metadata=metadata)


DATA_AGE_JOB = dg.define_asset_job(
    "data_age",
    selection=dg.AssetSelection.checks(data_is_fresh),
    executor_def=dg.in_process_executor,
    description="How old the running production day's data is.",
)


@dg.schedule(
    job=DATA_AGE_JOB,
    cron_schedule="12,27,42,57 * * * *",  # two minutes after a ten-minute pull wherever they meet
    execution_timezone=load_settings().plant.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every quarter of an hour: the age of the running production day's data.",
)
def quarter_hourly_data_age(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Asks for the running production day."""
    at = context.scheduled_execution_time
    day = load_settings().plant.clock().production_day(at).isoformat()
    return dg.RunRequest(run_key=f"data_age:{at.astimezone(UTC):%Y-%m-%dT%H:%M}", tags={PARTITION_TAG: day})
