"""Occupancy's part of the code location."""

import dagster as dg

from factory_pipelines.occupancy import assets, automation, crowd_assets, headcount_assets, headcount_automation
from factory_pipelines.occupancy.checks import CHECKS
from factory_pipelines.occupancy.headcount_checks import HEADCOUNT_CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs and schedules; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions.merge(_occupancy(), _headcount())


def _occupancy() -> dg.Definitions:
    """What doors and cameras said, and its hours, days and months."""
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


def _headcount() -> dg.Definitions:
    """How many are inside: its course, the correction of the doors, and what days teach."""
    return dg.Definitions(
        assets=[headcount_assets.headcount],
        asset_checks=HEADCOUNT_CHECKS,
        jobs=[
            headcount_automation.HEADCOUNT_JOB,
            headcount_automation.CORRECTION_JOB,
            headcount_automation.LEARNING_JOB,
        ],
        schedules=[
            headcount_automation.headcount_every_ten_minutes,
            headcount_automation.nightly_drift_correction,
            headcount_automation.learn_from_closed_day,
        ],
    )
