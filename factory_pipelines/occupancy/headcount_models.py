"""What the headcount routes take and give."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from factory_pipelines.occupancy.api_models import whole
from factory_pipelines.occupancy.muster import AreaCount, MusterLine

_Code = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class AreaNow(BaseModel):
    """How many are inside one area."""

    area_id: str
    area_name: str
    parent_area_id: str | None
    capacity: int | None
    status: str = Field(description="`known`; `degraded`: a door or camera is silent; `unknown`: nobody can say.")
    people: float | None = Field(description="Expected number; null where unknown, never a made-up zero.")
    people_from: float | None = Field(description="About 95 % of the truth lies from here …")
    people_to: float | None = Field(description="… to here.")
    by_doors: float | None = Field(description="By doors or cameras alone; null where one is silent.")
    by_badges: float | None = Field(description="By badges and roster, with what is usual of people without a badge.")
    with_badge: float = Field(description="People with a badge, by badges and roster alone.")
    unaccounted_for: int | None = Field(description="People inside whom no name explains.")
    is_over_capacity: bool | None
    silent_sources: list[str]

    @classmethod
    def of(cls, one: AreaCount) -> "AreaNow":
        """As it is shown, to a tenth of a person."""
        interval = one.interval or (None, None)
        return cls(
            area_id=one.area_id,
            area_name=one.area_name,
            parent_area_id=one.parent_area_id,
            capacity=one.capacity,
            status=one.status.value,
            people=_tenth(one.people),
            people_from=_tenth(interval[0]),
            people_to=_tenth(interval[1]),
            by_doors=_tenth(one.doors),
            by_badges=_tenth(one.badges),
            with_badge=round(one.with_badge, 1),
            unaccounted_for=one.unaccounted_for,
            is_over_capacity=one.is_over_capacity,
            silent_sources=list(one.silent),
        )


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


class OccupancyNow(BaseModel):
    """How many are inside, area by area."""

    at: datetime
    total: AreaNow | None = Field(description="All areas that are part of no other, added up; null without areas.")
    areas: list[AreaNow]


class MusterPerson(BaseModel):
    """One person on the muster list."""

    employee_id: str
    employee_name: str | None = Field(description="Null: nobody on the rolls has this badge.")
    area_id: str | None = Field(description="Null: no registered terminal says where.")
    section: str = Field(description="`inside`: more likely than not; `possible`: look for them too.")
    confidence: float = Field(description="That the person is inside, 0 to 1.")
    evidence: str = Field(examples=["punched_in", "roster_only"])
    since: datetime = Field(description="The punch, or the start of the shift, that it rests on.")

    @classmethod
    def of(cls, line: MusterLine) -> "MusterPerson":
        """As it is shown."""
        return cls(
            employee_id=line.employee_id,
            employee_name=line.employee_name,
            area_id=line.area_id,
            section=line.section,
            confidence=round(line.confidence, 3),
            evidence=line.evidence.value,
            since=line.since,
        )


class MusterArea(BaseModel):
    """What the list says of one area."""

    area_id: str
    area_name: str
    status: str
    people: float | None = Field(description="Expected number inside; null where unknown.")
    people_to: float | None = Field(description="Upper end of its interval.")
    inside: int = Field(description="Names in the section `inside`.")
    possible: int = Field(description="Names in the section `possible`.")
    unaccounted_for: int | None = Field(description="People inside without a name: visitors, contractors.")
    unaccounted_for_at_most: int | None
    silent_sources: list[str]


class Muster(BaseModel):
    """Who is inside now, and from which evidence."""

    at: datetime
    areas: list[MusterArea]
    people: list[MusterPerson]


class CorrectionIn(BaseModel):
    """Somebody has counted an area."""

    model_config = ConfigDict(extra="forbid")

    area_id: _Code
    people: Annotated[
        int, Field(ge=0, le=100_000, strict=True, description="Counted inside, just now."), BeforeValidator(whole)
    ]
    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00]+$")]
    counted_by: _Code


class CorrectionShown(BaseModel):
    """One correction of an area's doors: an event, never changed."""

    area_id: str
    corrected_at: datetime
    people_before: float | None = Field(description="By the doors until then; null where they could not say.")
    people_after: int
    reason: str
    evidence: dict[str, Any]


class Corrections(BaseModel):
    """Corrections in order of time."""

    corrections: list[CorrectionShown]


class TerminalIn(BaseModel):
    """Where a terminal stands."""

    model_config = ConfigDict(extra="forbid")

    source: _Code = Field(description="As in the punches it sends.")
    device: str = Field("", max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    area_id: _Code = Field(description="Where people go who punch in at it.")
    door_id: _Code | None = Field(None, description="The door whose counter sees them pass.")


class Terminal(TerminalIn):
    """A registered terminal."""


class Terminals(BaseModel):
    """All registered terminals."""

    terminals: list[Terminal]
