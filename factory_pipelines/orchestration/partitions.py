"""Production days as Dagster partitions."""

from datetime import date

import dagster as dg

from factory_pipelines.settings import Settings, load_settings


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


PRODUCTION_DAYS = production_days(load_settings())
"""The one partitioning that all daily assets share; lineage needs them to agree."""


def selected_days(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> tuple[date, date]:
    """First and last production day this run is about: one day, or the range of a backfill."""
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)
