"""Who is inside now, from which evidence: the list that is read out in an evacuation.

People with a badge stand on it by name: ``inside`` where badges and roster say so more likely than not, ``possible``
where they only may be (due and no punch; no punch out though the shift is over). It is better to look for somebody who
is at home than not to look for somebody who is not: who may be inside with one per cent stands on it. People the
headcount knows of and no name explains are ``unaccounted_for``: visitors, contractors, forgotten badges.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, hypot
from typing import Literal

from factory_pipelines.occupancy.headcount import Z95, Estimate, Headcount, Status
from factory_pipelines.occupancy.headcount_store import AreaInfo, Loaded
from factory_pipelines.occupancy.whereabouts import Evidence

LEAST_PROBABILITY = 0.01
_MORE_LIKELY = 0.5

Section = Literal["inside", "possible"]


@dataclass(frozen=True, slots=True)
class AreaCount:
    """How many are inside one area.

    Attributes:
        area_id: its name for programs.
        area_name: its name for people.
        capacity: how many may be inside; None: nobody has said.
        parent_area_id: the area it is part of.
        status: what the number rests on.
        people: the expected number; None where unknown.
        sd: its standard deviation; None where unknown.
        doors: by doors or cameras alone; None where they cannot say.
        badges: by badges and roster, with what is usual of people without a badge; None where no terminal leads there.
        with_badge: of them, people with a badge.
        silent: doors and cameras without a sign of life.
    """

    area_id: str
    area_name: str
    capacity: int | None
    parent_area_id: str | None
    status: Status
    people: float | None
    sd: float | None
    doors: float | None
    badges: float | None
    with_badge: float
    silent: tuple[str, ...]

    @property
    def interval(self) -> tuple[float, float] | None:
        """About 95 % of the truth lies between these; never below zero."""
        if self.people is None or self.sd is None:
            return None
        return max(self.people - Z95 * self.sd, 0.0), self.people + Z95 * self.sd

    @property
    def is_over_capacity(self) -> bool | None:
        """Whether more are inside than may be; None where nobody can say."""
        if self.people is None or self.capacity is None:
            return None
        return round(self.people) > self.capacity

    @property
    def unaccounted_for(self) -> int | None:
        """People inside whom no badge explains; None where the number is unknown."""
        return None if self.people is None else max(round(self.people - self.with_badge), 0)

    @property
    def unaccounted_for_at_most(self) -> int | None:
        """The same at the upper end of the interval: for so many somebody should look."""
        interval = self.interval
        return None if interval is None else max(ceil(interval[1] - self.with_badge), 0)


@dataclass(frozen=True, slots=True)
class MusterLine:
    """One person on the list; ``area_id`` None where no terminal says; ``since``: the punch, or the shift's start."""

    employee_id: str
    employee_name: str | None
    area_id: str | None
    section: Section
    confidence: float
    evidence: Evidence
    since: datetime


def count_areas(loaded: Loaded) -> list[AreaCount]:
    """Every area; one without doors, cameras and terminals of its own is the sum of the areas it is made of."""
    estimates = loaded.headcount.estimates(loaded.at)
    found = {area_id: _counted(loaded.areas[area_id], one) for area_id, one in estimates.items()}
    for area_id in sorted(found, key=lambda a: -_depth(a, loaded)):
        if not _has_witness(loaded.headcount, area_id):
            parts = [one for one in found.values() if one.parent_area_id == area_id]
            if parts:
                found[area_id] = add_up(parts, loaded.areas[area_id])
    return [found[area_id] for area_id in sorted(found)]


def add_up(parts: Sequence[AreaCount], whole: AreaInfo) -> AreaCount:
    """Several areas as one: known as far as all of them are, unknown where one is."""
    statuses = {one.status for one in parts}
    worst = next((s for s in (Status.UNKNOWN, Status.DEGRADED) if s in statuses), Status.KNOWN)
    return AreaCount(
        area_id=whole.area_id,
        area_name=whole.area_name,
        capacity=whole.capacity,
        parent_area_id=whole.parent_area_id,
        status=worst,
        people=_sum(one.people for one in parts),
        sd=None if worst is Status.UNKNOWN else hypot(*(one.sd or 0.0 for one in parts)),
        doors=_sum(one.doors for one in parts),
        badges=_sum(one.badges for one in parts),
        with_badge=sum(one.with_badge for one in parts),
        silent=tuple(sorted(source for one in parts for source in one.silent)),
    )


def muster_lines(loaded: Loaded, names: Mapping[str, str | None]) -> list[MusterLine]:
    """The people of the list: by area, the surest first."""
    found = [
        MusterLine(
            employee_id=one.employee_id,
            employee_name=names.get(one.employee_id),
            area_id=one.area_id,
            section="inside" if one.probability >= _MORE_LIKELY else "possible",
            confidence=one.probability,
            evidence=one.evidence,
            since=one.since,
        )
        for everybody in loaded.headcount.by_area(loaded.at).values()
        for one in everybody
        if one.probability >= LEAST_PROBABILITY
    ]
    return sorted(found, key=lambda m: (m.area_id or "~", m.section, -round(m.confidence, 3), m.employee_id))


def _counted(area: AreaInfo, one: Estimate) -> AreaCount:
    return AreaCount(
        area_id=area.area_id,
        area_name=area.area_name,
        capacity=area.capacity,
        parent_area_id=area.parent_area_id,
        status=one.status,
        people=one.people,
        sd=one.sd,
        doors=None if one.doors is None else one.doors.people,
        badges=None if one.badges is None else one.badges.people,
        with_badge=one.with_badge,
        silent=one.silent,
    )


def _has_witness(headcount: Headcount, area_id: str) -> bool:
    area = headcount.areas[area_id]
    return bool(area.doors or area.cameras or area.has_badges)


def _depth(area_id: str, loaded: Loaded) -> int:
    depth, above = 0, loaded.areas[area_id].parent_area_id
    while above is not None:
        depth, above = depth + 1, loaded.areas[above].parent_area_id
    return depth


def _sum(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total
