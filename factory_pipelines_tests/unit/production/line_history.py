"""Made-up daily efficiency with the structure real lines show: a level, weekdays, slow drift, changeovers, noise."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from factory_pipelines.plant.clock import PlantClock

CLOCK = PlantClock(ZoneInfo("Asia/Kolkata"), holidays=frozenset({date(2025, 8, 15)}))
LAST_DAY = date(2025, 9, 12)  # a Friday


def line_history(lines: int = 10, days: int = 90, seed: int = 5, *, clock: PlantClock = CLOCK) -> pd.DataFrame:
    """``days`` calendar days up to ``LAST_DAY``, working days only."""
    rng = np.random.default_rng(seed)
    working = clock.working_days(LAST_DAY - timedelta(days=days - 1), LAST_DAY)
    rows = []
    for number in range(lines):
        level, weekday = rng.normal(85, 8), rng.normal(0, 2, 7)
        slow = changeover = 0.0
        for day in working:
            changeover = 18.0 if rng.random() < 1 / 15 else changeover * 0.7
            slow = 0.7 * slow + rng.normal(0, 1.5)
            percent = level + weekday[day.weekday()] + slow - changeover + rng.normal(0, 2.5)
            rows.append((day, "U1", f"FLOOR-{number % 2}", f"S1-{number}", percent, 5000.0))
    columns = ["production_day", "unit_code", "floor_name", "line_name", "efficiency_pct", "eff100"]
    return pd.DataFrame(rows, columns=columns)
