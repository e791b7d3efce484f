"""Joins the domains into one code location.

``build_defs(resource_overrides={"warehouse": …, "rtms": …})`` is how tests and commands pass their own resources:
nothing in the code location is ever patched.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from factory_pipelines.alerts import definitions as alerts
from factory_pipelines.attendance import definitions as attendance
from factory_pipelines.cameras import definitions as cameras
from factory_pipelines.demo import definitions as demo
from factory_pipelines.gate import definitions as gate
from factory_pipelines.identity import definitions as identity
from factory_pipelines.occupancy import definitions as occupancy
from factory_pipelines.operations import definitions as operations
from factory_pipelines.orchestration.io_manager import warehouse_io_manager
from factory_pipelines.orchestration.resources import WarehouseResource
from factory_pipelines.production import definitions as production
from factory_pipelines.settings import Settings, load_settings

# For whatever has not said itself how fresh it must be.
_DEFAULT_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


def build_defs(
    *, resource_overrides: Mapping[str, Any] | None = None, settings: Settings | None = None
) -> dg.Definitions:
    """Everything the Dagster UI shows, with its resources bound.

    Args:
        resource_overrides: resources that replace ours, by name.
        settings: default: this environment's.
    """
    settings = settings or load_settings()
    resources: dict[str, Any] = {
        "warehouse": WarehouseResource(),
        "rtms": demo.DemoRtmsResource() if settings.rtms.source == "demo" else production.RtmsResource(),
        "models": production.ModelRegistryResource(),
        "io_manager": warehouse_io_manager,
        **(resource_overrides or {}),
    }
    domains = [production.definitions(), alerts.definitions([production.ALERTS_KEY]), operations.definitions()]
    domains += [attendance.definitions(), gate.definitions(), identity.definitions(), occupancy.definitions()]
    domains.append(cameras.definitions())
    if settings.rtms.source == "demo":
        domains.append(demo.definitions())
    merged = dg.Definitions.merge(*domains, dg.Definitions(resources=resources, executor=dg.in_process_executor))
    return merged.permissive_map_resolved_asset_specs(
        func=lambda spec: dg.apply_freshness_policy(spec, _DEFAULT_FRESHNESS, overwrite_existing=False),
        selection=dg.AssetSelection.all().materializable(),
    )
