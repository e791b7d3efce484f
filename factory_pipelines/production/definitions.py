"""Production's part of the code location."""

import dagster as dg

from factory_pipelines.production import alert_assets, assets, automation, forecast_assets, insight_assets
from factory_pipelines.production.alert_assets import ALERTS_KEY
from factory_pipelines.production.checks import CHECKS
from factory_pipelines.production.resources import ModelRegistryResource, RtmsResource

__all__ = ["ALERTS_KEY", "ModelRegistryResource", "RtmsResource", "definitions"]


def definitions() -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of production; resources are bound in ``build.py``."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules([assets, forecast_assets, insight_assets, alert_assets]),
        asset_checks=CHECKS,
        jobs=[automation.PULL_JOB, automation.SUPERVISORS_JOB, automation.DAY_CLOSE_JOB],
        schedules=[automation.every_ten_minutes, automation.hourly_supervisors, automation.after_the_day],
        sensors=[automation.alerts_on_new_efficiency, automation.insights_on_new_efficiency],
    )
