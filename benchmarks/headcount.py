"""How wrong the headcount is over a month round the clock, and whether the muster list misses anybody.

The simulated plant (about 190 people inside on average, 590 on the rolls, five areas, eight doors) lives for
``BENCH_HEADCOUNT_DAYS`` (default 30) days, after one day of warming up. Events reach the warehouse when they would:
crossings at once, punches when their terminal delivers them. Every ``BENCH_HEADCOUNT_STEP_MIN`` (default 30) minutes
the product is asked, with nothing but what has arrived, and its answer is held against who is truly inside. Error: mean
absolute error over all moments, divided by the mean true headcount; once of the plant's total, once with the errors of
the areas added up without cancelling. The counters miss 1 % of those who come and 3 % of those who leave, on average
over doors that each lean to one side. The baseline is seed 001's: door balances that are set to zero at 03:00 and never
go below it, asked at the same moments.

``python -m benchmarks.headcount`` prints the entries; ``BENCH_HEADCOUNT_SEEDS`` (default 7,11) are the plants, and
the worst of them is held against each bar.
"""

import json
import os
import sys
from datetime import date, timedelta
from statistics import median
from typing import Any

from benchmarks.harness import entry, own_server
from factory_pipelines.demo.presence import Presence
from factory_pipelines.settings import Settings
from factory_pipelines_tests.headcount_run import Measured, run_days

DAYS = int(os.environ.get("BENCH_HEADCOUNT_DAYS", "30"))
STEP = timedelta(minutes=int(os.environ.get("BENCH_HEADCOUNT_STEP_MIN", "30")))
SEEDS = [int(seed) for seed in os.environ.get("BENCH_HEADCOUNT_SEEDS", "7,11").split(",")]
_FIRST = date(2025, 9, 8)
_MISS_IN, _MISS_OUT = 0.01, 0.03


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``; a bar is an upper limit."""
    settings = Settings()
    with own_server() as open_database:
        found = []
        for seed in SEEDS:
            presence = Presence(seed, clock=settings.plant.clock(), miss_in=_MISS_IN, miss_out=_MISS_OUT)
            warehouse = open_database(f"headcount_{seed}")
            found.append(run_days(warehouse, settings, presence, _FIRST, DAYS, STEP))
    return _entries(found)


def _entries(found: list[Measured]) -> list[dict[str, Any]]:
    totals = [one.relative_pct(one.error) for one in found]
    areas = [one.relative_pct(one.area_error) for one in found]
    resets = [one.relative_pct(one.reset_error) for one in found]
    reset_areas = [one.relative_pct(one.reset_area_error) for one in found]
    missed = [100.0 * (1.0 - one.listed / one.employees) for one in found]
    answers_ms = [1000 * seconds for one in found for seconds in one.answer_s]
    asked = sum(len(one.truth) for one in found)
    people = sum(sum(one.truth) for one in found) / asked
    minutes = STEP // timedelta(minutes=1)
    about = f"seeds {_listed(SEEDS)}, {DAYS} days, every {minutes} min, {people:.0f} people on average"
    within = 100.0 * sum(sum(one.is_within) for one in found) / sum(len(one.is_within) for one in found)
    least = min(one.least for one in found)
    names = 100 * sum(one.lines for one in found) / sum(one.employees for one in found)
    not_sure = max(100 * (1 - one.sure / one.employees) for one in found)
    at_once = max(one.worst_missing for one in found)
    listed = f"{names:.1f} names for 100 inside; `inside` alone misses {not_sure:.2f} %; at most {at_once} at once"
    return [
        entry("headcount: error of the total", max(totals), 2.0, f"{_listed(totals)} %; {about}", unit="%"),
        entry(
            "headcount: error, areas added up",
            max(areas),
            2.0,
            f"{_listed(areas)} %; {within:.1f} % of the truth within the 95 % intervals",
            unit="%",
        ),
        entry(
            "headcount: error against a fifth of the 03:00 reset's, total",
            max(5 * ours / theirs for ours, theirs in zip(totals, resets, strict=True)),
            1.0,
            _beside(totals, resets),
        ),
        entry(
            "headcount: error against a fifth of the 03:00 reset's, areas added up",
            max(5 * ours / theirs for ours, theirs in zip(areas, reset_areas, strict=True)),
            1.0,
            _beside(areas, reset_areas),
        ),
        entry("headcount: people below zero", abs(least), 0.0, f"least number given: {least:.2f}", unit="people"),
        entry(
            "headcount: employees inside whom the muster list misses",
            max(missed),
            0.5,
            f"{_listed(missed)} %; {listed}",
            unit="%",
        ),
        entry(
            "headcount: an answer with its muster list, median",
            median(answers_ms),
            250.0,
            f"590 on the rolls, out of the warehouse's events alone; {asked:,} answers",
            unit="ms",
        ),
    ]


def _beside(ours: list[float], resets: list[float]) -> str:
    times = [reset / our for our, reset in zip(ours, resets, strict=True)]
    return f"the reset: {_listed(resets)} %, {_listed(times)} × ours"


def _listed(values: Any) -> str:
    return ", ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in values)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2, ensure_ascii=False) + "\n")
