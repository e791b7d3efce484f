"""What production's assets are given: the RTMS source and the model registry."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

from factory_pipelines.production.rtms import RtmsSource, open_source
from factory_pipelines.settings import load_settings
from factory_pipelines.warehouse.addresses import Role, role_url

if TYPE_CHECKING:
    from factory_pipelines.production.model_registry import ModelRegistry

ModelRegistryFactory = Callable[[], Any]
"""Opens the ``ModelRegistry`` when an asset needs it: importing MLflow takes seconds, and most runs do not."""


class RtmsResource(dg.ConfigurableResource[RtmsSource]):
    """The RTMS source that ``FACTORY_RTMS__SOURCE`` names."""

    def create_resource(self, context: dg.InitResourceContext) -> RtmsSource:
        """Nothing connects before the first pull."""
        return open_source(load_settings().rtms)


class ModelRegistryResource(dg.ConfigurableResource[ModelRegistryFactory]):
    """MLflow in the warehouse's database, model files under ``FACTORY_MLFLOW_ARTIFACTS``."""

    def create_resource(self, context: dg.InitResourceContext) -> ModelRegistryFactory:
        """Nothing is imported or connected before the registry is opened."""
        return open_registry


def open_registry() -> "ModelRegistry":
    """The registry of this environment's settings."""
    from factory_pipelines.production.model_registry import ModelRegistry, registry_url

    settings = load_settings()
    url, role = role_url(settings, Role.WRITER)
    artifacts = settings.mlflow_artifacts or str(settings.home_dir / "mlflow")
    return ModelRegistry(registry_url(url, role), artifacts, settings.organization_id)
