"""The gate's part of the code location."""

import dagster as dg

from factory_pipelines.gate import assets, automation
from factory_pipelines.gate.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, job and schedules of the gate; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions(
        assets=[assets.gate_events, assets.hourly, assets.daily],
        asset_checks=CHECKS,
        jobs=[automation.AGGREGATES_JOB],
        schedules=[automation.hourly_gate_aggregates, automation.closed_gate_day],
    )
