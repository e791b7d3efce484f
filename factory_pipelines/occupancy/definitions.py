"""Occupancy's part of the code location."""

import dagster as dg

from factory_pipelines.occupancy import assets
from factory_pipelines.occupancy.checks import CHECKS


def definitions() -> dg.Definitions:
    """Assets, checks, jobs and schedules; the resource ``warehouse`` is bound in ``build.py``."""
    return dg.Definitions(assets=[assets.occupancy_log], asset_checks=CHECKS)
