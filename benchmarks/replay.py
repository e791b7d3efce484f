"""Late, doubled and shuffled: whether the same events give the same tables in 1,000 random orders.

``python -m benchmarks replay``; ``BENCH_ORDERS`` (default 1000) sets how many. Each order begins with empty tables, and
tells a fortnight of punches and changes of rosters in batches, with computations anywhere between them.
"""

import os
from collections import Counter
from typing import Any

from benchmarks.harness import entry, own_server
from factory_pipelines.settings import Settings
from factory_pipelines_tests.integration.attendance.replays import TABLES, fortnight, tell

ORDERS = int(os.environ.get("BENCH_ORDERS", "1000"))


def run() -> list[dict[str, Any]]:
    """All entries: ``name, value, unit, bar, met, detail``."""
    with own_server() as open_database:
        warehouse, settings = open_database("replay"), Settings()
        told = Counter(tuple(tell(warehouse, settings, seed).values()) for seed in range(ORDERS))
    (_, usual), *others = told.most_common()
    detail = (
        f"{ORDERS:,} orders of {len(fortnight())} punches (5 % late, 5 % doubled), changes of rosters and a backfill: "
        f"{usual:,} end in the same {', '.join(TABLES)}; {len(others)} other outcomes"
    )
    return [entry("replay: orders that end in other tables", float(ORDERS - usual), 0.0, detail, unit="orders")]
