"""The simulated factory as a Dagster resource."""

from datetime import UTC, datetime

import dagster as dg

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.settings import Settings, load_settings


def open_factory(settings: Settings) -> Factory:
    """The simulated factory that ``FACTORY_DEMO__…`` and ``FACTORY_PLANT__…`` describe."""
    return Factory(settings.demo.seed, settings.demo.scale, settings.plant.clock())


def open_demo_source(settings: Settings) -> DemoRtms:
    """RTMS of the simulated factory, at the real present moment."""
    return DemoRtms(open_factory(settings), now=lambda: datetime.now(UTC))


class DemoRtmsResource(dg.ConfigurableResource[DemoRtms]):
    """RTMS of the simulated factory, bound where ``FACTORY_RTMS__SOURCE`` is ``demo``."""

    def create_resource(self, context: dg.InitResourceContext) -> DemoRtms:
        """Computes nothing before the first pull."""
        return open_demo_source(load_settings())
