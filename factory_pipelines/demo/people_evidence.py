"""People and vehicles for the scoreboard: what attendance, occupancy and the gate say, beside what was true."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd

from factory_pipelines.demo import site
from factory_pipelines.demo.headcount_scores import headcount_scores, reset_balance
from factory_pipelines.demo.people_scores import Badges, attendance_scores, gate_scores
from factory_pipelines.demo.presence import Presence
from factory_pipelines.demo.resources import open_presence, open_traffic
from factory_pipelines.demo.scores import Score
from factory_pipelines.demo.vehicles import Traffic
from factory_pipelines.gate.agreement import Agreement, Read, agree
from factory_pipelines.gate.plates import Plate, parse
from factory_pipelines.gate.service import rules_of
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse

ATTENDANCE_DAYS = 14
"""The last production days whose shifts are compared."""

VEHICLE_DAYS = 5
"""The last production days whose vehicles are compared."""

HEADCOUNT_DAYS = 2
"""The last complete production days whose headcount is compared; a first start has estimated no more."""

_SETTLED = timedelta(hours=6)  # a terminal may have been offline for five hours, and windows end six after the shift
_RESET_AT = time(3)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PeopleEvidence:
    """Both sides, side by side; frames are empty where nothing has been fed yet.

    Attributes:
        shifts: rostered shifts of settled days (see ``people_scores.attendance_scores``).
        badges: punches of people nobody knows, as found and as they were.
        vehicles: passages (see ``people_scores.gate_scores``).
        headcounts: moments (see ``headcount_scores.headcount_scores``).
    """

    shifts: pd.DataFrame
    badges: tuple[Badges, Badges]
    vehicles: pd.DataFrame
    headcounts: pd.DataFrame

    def scores(self) -> list[Score]:
        """All scores of people and vehicles."""
        return [
            *attendance_scores(self.shifts, *self.badges),
            *gate_scores(self.vehicles),
            *headcount_scores(self.headcounts),
        ]


def gather_people(warehouse: Warehouse, settings: Settings) -> PeopleEvidence:
    """Reads what the domains say of the fed days, and computes the truth."""
    state = warehouse.rows("demo/feed_state")
    days: list[date] = []
    if state:
        clock = settings.plant.clock()
        last = clock.production_day(state[0]["fed_until"] - _SETTLED) - _DAY
        first = max(clock.production_day(state[0]["fed_from"]), last - (ATTENDANCE_DAYS - 1) * _DAY)
        days = [first + n * _DAY for n in range((last - first).days + 1)]
    presence = open_presence(settings)
    return PeopleEvidence(
        shifts=_shifts(warehouse, presence, days),
        badges=_badges(warehouse, presence, days),
        vehicles=_vehicles(warehouse, settings, state),
        headcounts=_headcounts(warehouse, settings, presence, state),
    )


def _shifts(warehouse: Warehouse, presence: Presence, days: list[date]) -> pd.DataFrame:
    columns = ["production_day", "employee_id", "shift_id", "status", "is_late", "is_early_exit", "paid_s", "forgot"]
    true = [presence.day(day).timesheet[columns] for day in days]
    renamed = {name: f"true_{name}" for name in ("status", "is_late", "is_early_exit", "paid_s")}
    truth = pd.concat([pd.DataFrame(columns=columns), *true]).rename(columns=renamed)
    ours = warehouse.frame("demo/attendance_of_days", _span(days))
    return truth.merge(ours, on=columns[:3], how="left")


def _badges(warehouse: Warehouse, presence: Presence, days: list[date]) -> tuple[Badges, Badges]:
    ours: Badges = {
        (row["employee_id"], row["punched_at"]) for row in warehouse.rows("demo/punch_exceptions", _span(days))
    }
    true: Badges = set()
    for day in days:
        found = presence.day(day)
        strange = found.punches.loc[~found.punches["employee_id"].isin(found.roster.employees["employee_id"])]
        true |= {(row["employee_id"], row["time"].to_pydatetime()) for row in strange.to_dict("records")}
    return ours, true


def _headcounts(
    warehouse: Warehouse, settings: Settings, presence: Presence, state: list[dict[str, Any]]
) -> pd.DataFrame:
    if not state:
        return pd.DataFrame()
    clock = settings.plant.clock()
    last = clock.production_day(state[0]["fed_until"]) - _DAY
    days = [last - n * _DAY for n in reversed(range(HEADCOUNT_DAYS))]
    course = warehouse.frame("demo/headcounts", {**_span(days), "areas": list(site.AREA_IDS)})
    moments = [at.to_pydatetime() for at in course["at"]]
    lived = [presence.day(day) for day in (days[0] - _DAY, *days)]
    # Since the night before the first of the days, so that the balances have been reset once.
    begin = clock.window(days[0] - _DAY)[0]
    resets = [datetime.combine(day, _RESET_AT, clock.zone).astimezone(UTC) for day in (*days, last + _DAY)]
    crossings = pd.concat([day.crossings for day in lived], ignore_index=True)
    area_of = {door.door_id: site.AREA_IDS[door.area] for door in site.DOORS}
    balances = [
        reset_balance(
            crossings[crossings["source_id"].map(area_of) == area], moments, resets, presence.headcount(begin, area)
        )
        for area in site.AREA_IDS
    ]
    return course.assign(
        true=[presence.headcount(at) for at in moments],
        reset=[sum(inside) for inside in zip(*balances, strict=True)],
    )


def _vehicles(warehouse: Warehouse, settings: Settings, state: list[dict[str, Any]]) -> pd.DataFrame:
    if not state:
        return pd.DataFrame()
    clock, traffic = settings.plant.clock(), open_traffic(settings)
    until = state[0]["fed_until"]
    since = max(state[0]["vehicles_from"], until - VEHICLE_DAYS * _DAY)
    day, parts = clock.production_day(since), []
    while day <= clock.production_day(until):
        parts.append(_read_by_gate(traffic, day, since, until, settings))
        day += _DAY
    ours = warehouse.frame("demo/gate_decisions", {"since": since, "until": until}).rename(columns={"decided_at": "at"})
    truth = pd.concat(parts, ignore_index=True).rename(columns={"plate": "true_plate"})
    return truth.merge(ours, on=["gate_id", "track_id", "at"], how="left")


def _read_by_gate(traffic: Traffic, day: date, since: datetime, until: datetime, settings: Settings) -> pd.DataFrame:
    """Passages with what the most confident frame says, and what all frames agree on."""
    found = traffic.day(day)
    ways = found.passages.loc[(found.passages["at"] >= since) & (found.passages["at"] < until)]
    grammar = rules_of(settings.gate).grammar
    single: list[str | None] = []
    agreed: list[str | None] = []
    for passage in ways["passage_id"]:
        reads = [Read(frame.text, frame.confidence) for frame in found.reads[passage]]
        best = parse(max(reads, key=lambda read: read.confidence).text, grammar)
        together = agree(reads, grammar, min_reads=settings.gate.min_reads)
        single.append(best.text if isinstance(best, Plate) else None)
        agreed.append(together.plate.text if isinstance(together, Agreement) else None)
    texts = {"single": pd.Series(single, dtype=object), "agreed": pd.Series(agreed, dtype=object)}
    return ways.reset_index(drop=True).assign(**texts)


def _span(days: list[date]) -> dict[str, date | None]:
    return {"first": min(days, default=None), "last": max(days, default=None)}
