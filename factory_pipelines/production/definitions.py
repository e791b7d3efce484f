"""Production's part of the code location."""

import dagster as dg

from factory_pipelines.production import assets, automation
from factory_pipelines.production.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors of production; resources are bound in ``build.py``."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules([assets]),
        asset_checks=CHECKS,
        jobs=[automation.PULL_JOB, automation.SUPERVISORS_JOB],
        schedules=[automation.every_ten_minutes, automation.hourly_supervisors],
    )
