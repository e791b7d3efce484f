"""Production days, and the hours and months that belong to them, as Dagster partitions."""

import warnings
from datetime import date, datetime, timedelta

import dagster as dg

from factory_pipelines.settings import Settings, load_settings

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"

# Beta by name, in use since 1.5: without it a backfill of ninety days would be ninety runs.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)
# Dagster's own parser of selections (group:production) uses it.
warnings.filterwarnings("ignore", message="Parameter `include_sources`", category=dg.BetaWarning)


def production_days(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition per production day, the running one included; keys are dates in the plant's zone."""
    start = settings.plant.day_start
    return dg.DailyPartitionsDefinition(
        start_date=settings.rtms.first_day.isoformat(),
        timezone=settings.plant.timezone,
        hour_offset=start.hour,
        minute_offset=start.minute,
        end_offset=1,
    )


def production_hours(settings: Settings) -> dg.HourlyPartitionsDefinition:
    """One partition per hour of the plant's wall clock, the running one included: ``2025-09-01-14:00``."""
    first = f"{settings.rtms.first_day.isoformat()}-{settings.plant.day_start.hour:02}:00"
    return dg.HourlyPartitionsDefinition(start_date=first, timezone=settings.plant.timezone, end_offset=1)


def production_months(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """One partition per month of production days, the running one included; keys are first days of months."""
    start = settings.plant.day_start
    return dg.MonthlyPartitionsDefinition(
        start_date=settings.rtms.first_day.replace(day=1).isoformat(),
        timezone=settings.plant.timezone,
        hour_offset=start.hour,
        minute_offset=start.minute,
        end_offset=1,
    )


PRODUCTION_DAYS = production_days(load_settings())
"""The one partitioning that all daily assets share; lineage needs them to agree."""
PRODUCTION_HOURS = production_hours(load_settings())
PRODUCTION_MONTHS = production_months(load_settings())


def selected_days(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last production day this run is about: one day, or the range of a backfill."""
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)


def checked_days(context: dg.AssetCheckExecutionContext, now: datetime) -> tuple[date, date]:
    """The days a check looks at: those of its run; run by itself, yesterday's and today's production day.

    Read from the run's tags, because partitions of checks are not ready for production in Dagster 1.13.
    """
    tags = context.run.tags
    first = tags.get(RANGE_START_TAG) or tags.get(PARTITION_TAG)
    last = tags.get(RANGE_END_TAG) or tags.get(PARTITION_TAG)
    if first is None or last is None:
        today = load_settings().plant.clock().production_day(now)
        return today - timedelta(days=1), today
    return _day_of(first), _day_of(last)


def _day_of(key: str) -> date:
    """The production day of a partition: itself, that of an hour, or the first of a month."""
    if len(key) == len("2025-09-01"):
        return date.fromisoformat(key)
    return load_settings().plant.clock().production_day(PRODUCTION_HOURS.time_window_for_partition_key(key).start)
