"""What ``workspace.yaml`` names: the code location."""

from factory_pipelines.build import build_defs

defs = build_defs()
