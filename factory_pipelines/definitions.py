"""What ``workspace.yaml`` names: the code location."""

import gc

# Everything made here lives as long as the process: looking for garbage on the way costs a tenth of the loading time.
gc.disable()
from factory_pipelines.build import build_defs  # noqa: E402

defs = build_defs()
gc.enable()
