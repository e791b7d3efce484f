"""The demo's part of the code location."""

import dagster as dg

from factory_pipelines.demo.resources import DemoRtmsResource

__all__ = ["DemoRtmsResource", "definitions"]


def definitions() -> dg.Definitions:
    """What only the simulated factory has; its RTMS resource is bound in ``build.py``."""
    return dg.Definitions()
