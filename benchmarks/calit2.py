"""How well counts and crowds are told on public data, against the figures that lie beside it.

``python -m benchmarks calit2``; the data is that of ``../shared/data/calit2`` or of ``BENCH_CALIT2``; no figures
without it.
"""

import os
from pathlib import Path
from typing import Any

from benchmarks.harness import entry
from factory_pipelines.occupancy.calit2 import evaluate, read_calit2

_FOLDER = Path(os.environ.get("BENCH_CALIT2", Path(__file__).parents[2] / "shared" / "data" / "calit2"))
_PROFILE_MAE = {"entries": 2.09, "exits": 2.30}
_ALARMS = 20


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    if not _FOLDER.is_dir():
        return []
    figures = evaluate(read_calit2(_FOLDER))
    found = []
    for flow, bar in _PROFILE_MAE.items():
        errors = figures.mae[flow]
        detail = ", ".join(f"{name.replace('_', ' ')} {error:.2f}" for name, error in errors.items())
        found.append(
            entry(f"CalIt2 {flow}: error of a half hour, a day ahead", errors["day_ahead"], bar, detail, "people")
        )
    ours, plain = figures.recall[_ALARMS]
    online = f"with a threshold of the weeks before, {figures.online[0]} alarms find {figures.online[1]}"
    detail = f"{ours} of {figures.events} at {_ALARMS} alarms, residual above the weekly profile {plain}; {online}"
    missed, plainly_missed = figures.events - ours, figures.events - plain
    found.append(
        entry(f"CalIt2 events missed at {_ALARMS} alarms", float(missed), float(plainly_missed), detail, "events")
    )
    return found
