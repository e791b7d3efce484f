"""The simulated factory: what RTMS shows at a moment, and what is true.

Every production day is computed alone, in milliseconds, from the seed and the date; nothing is remembered from one day
to the next but a small cache.
"""

from datetime import date, datetime
from functools import lru_cache

import numpy as np
import pandas as pd

from factory_pipelines.demo import dirt, truth
from factory_pipelines.demo.counting import Counts, count
from factory_pipelines.demo.day import RTMS_COLUMNS, DayPlan, plan_day, rtms_frame
from factory_pipelines.demo.noise import Ints, Noise
from factory_pipelines.demo.people import build_layout
from factory_pipelines.demo.shifts import DAY_MINUTES, shifts_of
from factory_pipelines.demo.styles import Style, build_style, changeover_before
from factory_pipelines.demo.supervisors import build_supervisors
from factory_pipelines.demo.work import Segment, changeover_segments
from factory_pipelines.plant.clock import PlantClock

_TRUTH_NAMES = {
    "RowId": "row_id",
    "UnitCode": "unit_code",
    "FloorName": "floor_name",
    "LineName": "line_name",
    "StyleNo": "style_no",
    "PartName": "part_name",
    "NewOperSeq": "new_oper_seq",
    "DeviceID": "device_id",
    "EmpCode": "emp_code",
    "EmpName": "emp_name",
    "SAM": "sam",
}


class Factory:
    """A garment factory that never was.

    Args:
        seed: two seeds are two factories.
        scale: 1.0 is eight lines and about 500 rows a day.
        clock: time in the plant; its rest days and holidays have no rows.
    """

    def __init__(self, seed: int, scale: float, clock: PlantClock) -> None:
        self._noise = Noise(seed)
        self.clock = clock
        self._layout = build_layout(self._noise, scale)
        self._plan = lru_cache(maxsize=16)(self._plan_uncached)
        self._style = lru_cache(maxsize=1024)(self._style_uncached)

    def production(self, day: date, until: datetime | None = None) -> pd.DataFrame:
        """RTMS' rows of a production day.

        Args:
            day: the production day; a rest day or holiday has no rows.
            until: the moment at which RTMS is asked (counts are partial), or None for the complete day.

        Returns:
            RTMS' own 42 columns, with the dirt the real source has.
        """
        plan = self._plan(day)
        if plan is None:
            return pd.DataFrame(columns=list(RTMS_COLUMNS))
        minute = truth.Minutes(self.clock, day).of(until)
        counts, rows = _shown(plan, minute)
        names = plan.shown_names.iloc[rows].reset_index(drop=True)
        frame = rtms_frame(names, dirt.soil_counts(counts, plan.dirt, rows))
        return dirt.soil(frame, plan.dirt, rows, minute)

    def supervisors(self) -> pd.DataFrame:
        """RTMS_SupervisorsDetl: LineName, PartName, SupervisorName, SupervisorCode, PhoneNumber (fictitious)."""
        return build_supervisors(self._noise, self._layout)

    def truth(self, day: date, until: datetime | None = None) -> truth.Truth:
        """What really happened on ``day`` up to ``until`` (None: the whole day).

        Raises:
            ValueError: when the plant rests on that day; there is no truth to tell.
        """
        plan = self._plan(day)
        if plan is None:
            raise ValueError(f"the plant rests on {day.isoformat()}: there is no truth to tell")
        minutes = truth.Minutes(self.clock, day)
        minute = minutes.of(until)
        work = plan.work.take(np.arange(plan.true_rows))
        counts = count(work, plan.shifts, minute)
        begun = np.flatnonzero(counts.prodn_pcs > 0)
        work = work.take(begun)
        rows = plan.names.iloc[begun].rename(columns=_TRUTH_NAMES).reset_index(drop=True)
        rows = rows[list(_TRUTH_NAMES.values())].assign(
            prodn_pcs=counts.prodn_pcs[begun],
            eff100=counts.eff100[begun],
            used_min=counts.used_min[begun],
            true_efficiency_pct=counts.true_efficiency_pct[begun],
            is_final=(rows["ISFinPart"] == "Y") & (rows["ISFinOper"] == "Y"),
            start_at=minutes.series(work.start),
            end_at=minutes.series(work.end),
        )
        return truth.Truth(
            day=day,
            until=until,
            rows=rows,
            _work=work,
            _shifts=plan.shifts,
            _minutes=minutes,
            _find_dirt=lambda: _dirt(plan, minute),
        )

    def _plan_uncached(self, day: date) -> DayPlan | None:
        if not self.clock.is_working_day(day):
            return None
        return plan_day(self._noise, self._layout, self._segments(day), day)

    def _segments(self, day: date) -> list[Segment]:
        starts = shifts_of(self._noise, self._layout, day.toordinal()).start
        found: list[Segment] = []
        for line in range(len(self._layout.line_names)):
            style = self._style(line, changeover_before(self._noise, line, day))
            age = len(self.clock.working_days(style.first_day, day)) - 1
            if age > 0:
                found.append(Segment(line, style, 0, DAY_MINUTES, age))
                continue
            at = int(starts[line]) + int(self._noise.integers("changeover/minute", 100, 330, line, style.changeover))
            found += changeover_segments(line, self._style(line, style.changeover - 1), style, at)
        return found

    def _style_uncached(self, line: int, number: int) -> Style:
        return build_style(self._noise, line, number, self._layout.parts[line], self._layout.seats[line])


def _shown(plan: DayPlan, minute: int) -> tuple[Counts, Ints]:
    """The rows that RTMS shows at ``minute``: their true counts, and their numbers in the plan."""
    counts = count(plan.work, plan.shifts, np.minimum(plan.dirt.frozen_at, minute))
    rows = dirt.shown(plan.dirt, counts.prodn_pcs, minute)
    return counts.take(rows), rows


def _dirt(plan: DayPlan, minute: int) -> pd.DataFrame:
    counts, rows = _shown(plan, minute)
    return dirt.list_dirt(plan.dirt, rows, counts, plan.names.iloc[rows], minute)
