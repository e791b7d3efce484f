"""The alerts' part of the code location."""

from collections.abc import Sequence

import dagster as dg

from factory_pipelines.alerts.assets import deliveries_asset
from factory_pipelines.alerts.automation import DELIVERY_JOB, outbox_sensor
from factory_pipelines.alerts.checks import CHECKS

# The asset that finds breaches today, by name: domains lie above this package.
_EFFICIENCY_ALERTS = dg.AssetKey(["production", "efficiency_alerts"])


def definitions(upstream: Sequence[dg.AssetKey] = (_EFFICIENCY_ALERTS,)) -> dg.Definitions:
    """Asset, checks, job and sensor of the outbox; the resource ``warehouse`` is bound in ``build.py``.

    Args:
        upstream: assets that find breaches and put messages into the outbox, for the lineage.
    """
    return dg.Definitions(
        assets=[deliveries_asset(upstream)], asset_checks=CHECKS, jobs=[DELIVERY_JOB], sensors=[outbox_sensor]
    )
