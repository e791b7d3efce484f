"""Operations' part of the code location."""

import dagster as dg

from factory_pipelines.operations import assets, automation, checks


def definitions() -> dg.Definitions:
    """The watchdog and its sensors, retention, the age of the data; resources are bound in ``build.py``."""
    return dg.Definitions(
        assets=[assets.retention],
        asset_checks=[checks.data_is_fresh],
        jobs=[assets.RETENTION_JOB, checks.DATA_AGE_JOB],
        schedules=[assets.nightly_retention, checks.quarter_hourly_data_age],
        sensors=[automation.failed_runs_sensor, automation.recovered_runs_sensor, automation.watchdog],
    )
