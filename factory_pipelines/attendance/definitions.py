"""Attendance's part of the code location."""

import dagster as dg

from factory_pipelines.attendance import assets, automation
from factory_pipelines.attendance.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs, schedule and sensor; resources are bound in ``build.py``."""
    return dg.Definitions(
        assets=[assets.punch_files, assets.punches, assets.attendance_tables],
        asset_checks=CHECKS,
        jobs=[automation.ATTENDANCE_JOB, automation.FILES_JOB],
        schedules=[automation.attendance_every_ten_minutes],
        sensors=[automation.punch_files_sensor],
    )
