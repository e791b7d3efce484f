"""Identity's part of the code location."""

import dagster as dg

from factory_pipelines.identity import assets, automation
from factory_pipelines.identity.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs and schedules of identity; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions(
        assets=[assets.consents, assets.faces, assets.recognitions, assets.erasures, assets.snapshot_retention],
        asset_checks=CHECKS,
        jobs=[automation.ERASURES_JOB, automation.CHECKS_JOB, automation.SNAPSHOTS_JOB],
        schedules=[
            automation.hourly_erasures,
            automation.hourly_identity_checks,
            automation.nightly_snapshot_retention,
        ],
    )
