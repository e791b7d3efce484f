"""How wrong the headcount is over a month round the clock, and whether the muster list misses anybody.

The simulated plant (about 190 people inside on average, 590 on the rolls, five areas, eight doors) runs for
``BENCH_HEADCOUNT_DAYS`` (default 30) days, after one day of warming up. Events reach the warehouse when they would:
crossings at once, punches when their terminal delivers them. Every ``BENCH_HEADCOUNT_STEP_MIN`` (default 10) minutes the
product is asked, and its answer is held against who is truly inside. Error: mean absolute error over all moments, divided
by the mean true headcount; once for the plant's total, once with the errors of all areas added up without cancelling.

The counters miss 1 % of the people who come and 3 % of those who leave, on average over doors that each lean to one side.
The baseline is seed 001's: a door balance that is set to zero at 03:00 and never goes below it.

``python -m benchmarks.headcount`` prints the entries; ``BENCH_HEADCOUNT_SEEDS`` (default 7,11,23) are the plants. Each
bar is held by the worst of them.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any

from benchmarks.harness import entry, own_server
from factory_pipelines.demo.presence import DayPresence, Presence
from factory_pipelines.demo.site import AREA_IDS
from factory_pipelines.occupancy.headcount_days import (
    correct_drift,
    correction_time,
    learn_from,
    load_headcount,
    write_headcounts,
)
from factory_pipelines.occupancy.muster import count_areas, muster_lines
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.presence_rows import deliver, furnish

DAYS = int(os.environ.get("BENCH_HEADCOUNT_DAYS", "30"))
SEEDS = [int(seed) for seed in os.environ.get("BENCH_HEADCOUNT_SEEDS", "7,11,23").split(",")]
STEP = timedelta(minutes=int(os.environ.get("BENCH_HEADCOUNT_STEP_MIN", "10")))
FIRST = date(2025, 9, 8)
MISS_IN, MISS_OUT = 0.01, 0.03
_DAY = timedelta(days=1)
_AFTER_DAY = timedelta(minutes=30)


@dataclass
class Measured:
    """What one run found; one element a moment, or a moment and area."""

    truth: list[int] = field(default_factory=list)
    total_error: list[float] = field(default_factory=list)
    area_error: list[float] = field(default_factory=list)
    reset_error: list[float] = field(default_factory=list)
    reset_area_error: list[float] = field(default_factory=list)
    least: float = 0.0
    within: list[bool] = field(default_factory=list)
    employees_inside: int = 0
    employees_listed: int = 0
    lines: int = 0
    sure_lines: int = 0
    sure_and_inside: int = 0
    answer_ms: list[float] = field(default_factory=list)

    def relative(self, errors: list[float]) -> float:
        """Mean error over the mean truth, in percent."""
        return 100.0 * sum(errors) / sum(self.truth)
