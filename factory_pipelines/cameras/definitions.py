"""The cameras' part of the code location."""

import dagster as dg

from factory_pipelines.cameras import assets, automation
from factory_pipelines.cameras.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs and schedules of the cameras; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions(
        assets=[assets.status, assets.minutes, assets.hourly],
        asset_checks=CHECKS,
        jobs=[automation.STATUS_JOB, automation.HOURS_JOB],
        schedules=[automation.camera_status_every_ten_minutes, automation.hourly_camera_figures],
    )
