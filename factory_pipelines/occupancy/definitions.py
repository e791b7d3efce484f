"""Occupancy's part of the code location."""

import dagster as dg

from factory_pipelines.occupancy import assets, automation, crowd_assets
from factory_pipelines.occupancy.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs and schedules; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions(
        assets=[
            *(assets.occupancy_log, assets.occupancy_hourly, assets.occupancy_daily, assets.occupancy_monthly),
            *(crowd_assets.occupancy_forecast, crowd_assets.unusual_crowds),
        ],
        asset_checks=[*CHECKS, *crowd_assets.CROWD_CHECKS],
        jobs=[automation.HOURS_JOB, automation.DAYS_JOB, automation.MONTHS_JOB, crowd_assets.CROWDS_JOB],
        schedules=[
            automation.hourly_aggregation,
            automation.daily_aggregation,
            automation.monthly_aggregation,
            automation.month_to_date,
            crowd_assets.hourly_patterns,
            crowd_assets.closed_day_patterns,
        ],
    )
