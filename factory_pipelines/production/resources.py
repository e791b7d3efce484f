"""RTMS as a Dagster resource."""

import dagster as dg

from factory_pipelines.production.rtms import RtmsSource, open_source
from factory_pipelines.settings import load_settings


class RtmsResource(dg.ConfigurableResource[RtmsSource]):
    """The RTMS source that ``FACTORY_RTMS__SOURCE`` names."""

    def create_resource(self, context: dg.InitResourceContext) -> RtmsSource:
        """Nothing connects before the first pull."""
        return open_source(load_settings().rtms)
