"""The product's headcount held against the truth, day after day: what the benchmark and its small sister measure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import perf_counter

import pandas as pd

from factory_pipelines.demo.presence import DayPresence, Presence
from factory_pipelines.demo.site import AREA_IDS, DOORS
from factory_pipelines.occupancy.headcount_days import correct_drift, correction_time, learn_from, write_headcounts
from factory_pipelines.occupancy.headcount_store import load_headcount
from factory_pipelines.occupancy.muster import count_areas, muster_lines
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.presence_rows import Delivery, furnish

_DAY = timedelta(days=1)
_AFTER_DAY = timedelta(minutes=30)
_WARM_UP_DAYS = 1
_OFFSET = timedelta(minutes=7)  # shifts begin and end at full and half hours


@dataclass
class Measured:
    """What one run found; one element a moment, in ``area_…`` one a moment and area.

    Attributes:
        truth: people truly inside the plant.
        error: of the plant's total; signed.
        area_error: of each area; absolute.
        reset_error: of the total of door balances that are set to zero at 03:00; signed.
        reset_area_error: of each of them; absolute.
        least: the least number ever given.
        is_within: whether the truth of an area lay in its interval.
        employees: employees truly inside, over all moments.
        listed: of them, those on the muster list.
        sure: of them, those in its section ``inside``.
        lines: people on the list, over all moments.
        sure_lines: people in its section ``inside``.
        worst_missing: most employees that one list missed.
        answer_s: seconds an answer took, warehouse included.
    """

    truth: list[int] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    area_error: list[float] = field(default_factory=list)
    reset_error: list[float] = field(default_factory=list)
    reset_area_error: list[float] = field(default_factory=list)
    least: float = 0.0
    is_within: list[bool] = field(default_factory=list)
    employees: int = 0
    listed: int = 0
    sure: int = 0
    lines: int = 0
    sure_lines: int = 0
    worst_missing: int = 0
    answer_s: list[float] = field(default_factory=list)

    def relative_pct(self, errors: list[float]) -> float:
        """Mean absolute error in percent of the mean headcount."""
        return 100.0 * sum(map(abs, errors)) / sum(self.truth)


class ResetAtThree:
    """Seed 001's way: a balance a door's area, never below zero, set to zero every night."""

    def __init__(self) -> None:
        self._inside = dict.fromkeys(AREA_IDS, 0)
        self._area_of = {door.door_id: AREA_IDS[door.area] for door in DOORS}

    def take(self, crossings: pd.DataFrame) -> None:
        for source, direction, people in zip(
            *(crossings[name] for name in ("source_id", "direction", "people")), strict=True
        ):
            area = self._area_of[source]
            self._inside[area] = max(self._inside[area] + (people if direction == "in" else -people), 0)

    def reset(self) -> None:
        self._inside = dict.fromkeys(AREA_IDS, 0)

    def read(self) -> dict[str, int]:
        return dict(self._inside)


def run_days(
    warehouse: Warehouse, settings: Settings, presence: Presence, first: date, days: int, step: timedelta
) -> Measured:
    """Lets the plant live: events arrive, the product is asked every ``step``, corrects at night and learns."""
    start = first - _WARM_UP_DAYS * _DAY
    furnish(warehouse, presence, start, first + days * _DAY)
    delivery, reset, measured = Delivery(warehouse, presence), ResetAtThree(), Measured()
    clock = presence.clock
    for number in range(-_WARM_UP_DAYS, days):
        day = first + number * _DAY
        lived = presence.day(day)
        delivery.open_day(lived)
        begin, end = clock.window(day)
        night = correction_time(settings, day)
        moments = [begin + _OFFSET + n * step for n in range((end - begin) // step)]
        learning_at = begin + _AFTER_DAY
        before = begin
        for at in sorted({*moments, night, learning_at}):
            delivery.until(at)
            seen = lived.crossings["observed_at"]
            reset.take(lived.crossings[(seen > before) & (seen <= at)])
            before = at
            if number >= 0 and at in moments:
                _measure(measured, warehouse, settings, lived, reset, at)
            if at == night:
                correct_drift(warehouse, settings, day, now=at)
                reset.reset()
            if at == learning_at and number > -_WARM_UP_DAYS:
                learn_from(warehouse, settings, day - _DAY)
        delivery.until(end)
        reset.take(lived.crossings[lived.crossings["observed_at"] > before])
        write_headcounts(warehouse, settings, day, now=end)
    return measured


def _measure(
    measured: Measured,
    warehouse: Warehouse,
    settings: Settings,
    lived: DayPresence,
    reset: ResetAtThree,
    at: datetime,
) -> None:
    stays = lived.stays
    inside = stays[(stays["entered_at"] <= at) & (at < stays["left_at"])]
    areas = inside["area_id"].tolist()
    truth = {area_id: areas.count(area_id) for area_id in AREA_IDS}
    inside_now = len(areas)
    started_s = perf_counter()
    loaded = load_headcount(warehouse, settings.plant.clock(), at)
    counted = count_areas(loaded)
    lines = muster_lines(loaded, {})
    measured.answer_s.append(perf_counter() - started_s)
    measured.truth.append(inside_now)
    total, by_reset = 0.0, reset.read()
    for one in counted:
        assert one.people is not None
        assert one.interval is not None
        total += one.people
        low, high = one.interval
        measured.area_error.append(abs(one.people - truth[one.area_id]))
        measured.reset_area_error.append(abs(by_reset[one.area_id] - truth[one.area_id]))
        measured.is_within.append(bool(low - 0.5 <= truth[one.area_id] <= high + 0.5))
        measured.least = min(measured.least, one.people)
    measured.error.append(total - inside_now)
    measured.reset_error.append(sum(by_reset.values()) - inside_now)
    employees = set(inside.loc[inside["kind"] == "employee", "person_id"])
    listed = {line.employee_id: line.section for line in lines}
    missing = employees - listed.keys()
    measured.employees += len(employees)
    measured.listed += len(employees) - len(missing)
    measured.sure += sum(listed.get(person) == "inside" for person in employees)
    measured.lines += len(listed)
    measured.sure_lines += sum(section == "inside" for section in listed.values())
    measured.worst_missing = max(measured.worst_missing, len(missing))
