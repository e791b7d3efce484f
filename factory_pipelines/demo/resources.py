"""The simulated factory as a Dagster resource."""

from datetime import UTC, datetime

import dagster as dg

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.presence import Presence
from factory_pipelines.demo.rtms import DemoRtms
from factory_pipelines.demo.vehicles import Traffic
from factory_pipelines.settings import Settings, load_settings

COUNTER_OUTAGES = 0.01
"""Chance that a door's counter is out of order for some hours of a day."""


def open_factory(settings: Settings) -> Factory:
    """The simulated factory that ``FACTORY_DEMO__…`` and ``FACTORY_PLANT__…`` describe."""
    return Factory(settings.demo.seed, settings.demo.scale, settings.plant.clock())


def open_presence(settings: Settings) -> Presence:
    """The people of the same factory. Now and then a counter above a door is out of order."""
    demo = settings.demo
    return Presence(demo.seed, clock=settings.plant.clock(), scale=demo.scale, counter_outages=COUNTER_OUTAGES)


def open_traffic(settings: Settings) -> Traffic:
    """The vehicles at the gates of the same factory."""
    return Traffic(settings.demo.seed, clock=settings.plant.clock(), scale=settings.demo.scale)


def open_demo_source(settings: Settings) -> DemoRtms:
    """RTMS of the simulated factory, at the real present moment."""
    return DemoRtms(open_factory(settings), now=lambda: datetime.now(UTC))


class DemoRtmsResource(dg.ConfigurableResource[DemoRtms]):
    """RTMS of the simulated factory, bound where ``FACTORY_RTMS__SOURCE`` is ``demo``."""

    def create_resource(self, context: dg.InitResourceContext) -> DemoRtms:
        """Computes nothing before the first pull."""
        return open_demo_source(load_settings())
