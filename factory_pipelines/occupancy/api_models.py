"""What the occupancy routes take and give."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from factory_pipelines.occupancy.events import MOST_PEOPLE
from factory_pipelines.plant.codes import CODE_PATTERN

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: object) -> object:
    # Without this, "0" would be a valid day: the first of January 1970.
    if isinstance(value, str) and not _ISO_DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


def whole(value: object) -> object:
    """A whole number as JSON writes one, for a strict field; anything else as it is."""
    # 5.0 is a whole number in JSON; "5" and true are none.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: object) -> object:
    if isinstance(value, int | float):  # left alone, 0 would be the first of January 1970
        raise ValueError("a time is written 2025-01-15T08:03:45+05:30")
    return value


def _in_any_zone(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:  # year 9999 west of Greenwich, year 1 east of it
        raise ValueError("there is no such instant in every zone; give a year that people live in") from error


Day = Annotated[date, BeforeValidator(_iso_day)]
_People = Annotated[int, Field(strict=True, ge=0, le=1_000_000), BeforeValidator(whole)]
_Capacity = Annotated[int, Field(strict=True, ge=1, le=1_000_000), BeforeValidator(whole)]
_Silence = Annotated[int, Field(strict=True, ge=1, le=86_400), BeforeValidator(whole)]
_Time = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_any_zone)]
Code = Annotated[str, Field(min_length=1, max_length=200, pattern=CODE_PATTERN)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=CODE_PATTERN)]


def _said(schema: dict[str, Any]) -> WithJsonSchema:
    """Said in the document only: ``read_event`` decides, so that a bad event is kept and its neighbours are taken."""
    return WithJsonSchema(schema)


_TEXT = {"type": "string", "pattern": CODE_PATTERN, "maxLength": 200}
_KEY = {"anyOf": [_TEXT, {"type": "integer"}]}


def _people(least: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": MOST_PEOPLE}


_BY_KIND: dict[str, dict[str, Any]] = {
    "crossing": {
        "properties": {"kind": {"const": "crossing"}, "direction": {"enum": ["in", "out"]}, "people": _people(1)},
        "required": ["direction", "people"],
    },
    "count": {
        "properties": {"kind": {"const": "count"}, "direction": {"type": "null"}, "people": _people(0)},
        "required": ["people"],
    },
    "heartbeat": {
        "properties": {"kind": {"const": "heartbeat"}, "direction": {"type": "null"}, "people": {"type": "null"}}
    },
}


class EventIn(BaseModel):
    """One thing a door or camera said."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "required": ["source_id", "observed_at", "event_id", "kind"],
            "additionalProperties": False,  # said, and decided by ``read_event``: what is refused is kept
            "oneOf": [_BY_KIND["crossing"], _BY_KIND["count"], _BY_KIND["heartbeat"]],
        },
    )

    source_id: Annotated[Any, _said(_KEY)] = Field(None, examples=["door-east"])
    observed_at: Annotated[Any, _said({"type": "string", "format": "date-time"})] = Field(
        None, examples=["2025-01-15T08:03:45+05:30"], description="With its offset from UTC."
    )
    event_id: Annotated[Any, _said(_KEY)] = Field(
        None, examples=["e-1001"], description="Your own key: the same event sent again changes nothing."
    )
    kind: Annotated[Any, _said({"type": "string", "enum": ["count", "crossing", "heartbeat"]})] = Field(
        None, examples=["crossing"]
    )
    direction: Annotated[Any, _said({"anyOf": [{"enum": ["in", "out"]}, {"type": "null"}]})] = Field(
        None, examples=["in"], description="Of a crossing, and of nothing else."
    )
    people: Annotated[Any, _said({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]})] = Field(
        None,
        examples=[1],
        description="Count: how many are inside; crossing: how many passed; heartbeat: leave it out.",
    )
    label: Annotated[Any, _said({"anyOf": [_TEXT, {"type": "null"}]})] = Field(
        None, description="What was counted; only `person`, the default, changes an occupancy."
    )
    track_id: Annotated[Any, _said({"anyOf": [_TEXT, {"type": "integer"}, {"type": "null"}]})] = None
    confidence: Annotated[Any, _said({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}]})] = (
        None
    )
    snapshot: Annotated[Any, _said({"anyOf": [_TEXT, {"type": "null"}]})] = Field(
        None, description="Relative path of a picture."
    )


def _anything(schema: dict[str, Any]) -> None:
    """In a list no event spoils its neighbours: each is judged by itself, so the document demands nothing."""
    for name, field in schema["properties"].items():
        schema["properties"][name] = {k: v for k, v in field.items() if k in ("title", "description", "examples")}


class EventOfMany(EventIn):
    """One event of a list: as an event alone, but refused by itself."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_anything)


class EventAnswer(BaseModel):
    """What became of one event."""

    source_id: str
    event_id: str
    observed_at: datetime
    is_new: bool = Field(description="False: it was known already, and nothing changed.")


class Refused(BaseModel):
    """An event that was not taken; it is kept in `occupancy.refusals`."""

    index: int = Field(description="Place in what was sent, from 0.")
    field: str
    code: str = Field(examples=["time_invalid", "source_unknown"])
    detail: str


class BatchAnswer(BaseModel):
    """What became of a batch: received = accepted + duplicates + refused."""

    received: int
    accepted: int
    duplicates: int
    refused: list[Refused]


class AreaIn(BaseModel):
    """An area to register or to change."""

    model_config = ConfigDict(extra="forbid")

    area_id: Code = Field(examples=["hall-1"])
    area_name: Name | None = Field(None, description="For people; default: `area_id`.")
    capacity: _Capacity | None = Field(None, description="How many may be inside.")
    parent_area_id: Code | None = Field(None, description="The area it is part of.")
    start_people: _People | None = Field(
        0,
        description="How many were inside before the first event of its doors; null: nobody knows.",
    )


class Area(AreaIn):
    """An area."""

    area_name: str


class Areas(BaseModel):
    """All areas."""

    areas: list[Area]


class SourceIn(BaseModel):
    """A door or camera to register or to change."""

    model_config = ConfigDict(extra="forbid")

    source_id: Code = Field(examples=["door-east"])
    area_id: Code = Field(examples=["hall-1"])
    kind: Literal["door", "camera"] = Field(description="A door counts who passes, a camera whom it sees.")
    max_silence_s: _Silence = Field(300, description="Silent for longer, it is unknown.")
    retired_at: _Time | None = Field(None, description="From here on nothing waits for it.")


class Source(SourceIn):
    """A door or camera."""

    first_seen_at: datetime | None = Field(description="Its earliest event.")


class RegisteredSource(Source):
    """A door or camera as it is registered now."""

    taken_events: int = Field(description="Events that came before it was registered, and are taken now.")


class SeenSource(Source):
    """A door or camera, and whether it lives."""

    last_seen_at: datetime | None = Field(description="Its newest event.")
    is_silent: bool | None = Field(description="Longer than `max_silence_s`; null: it has never said anything.")


class Sources(BaseModel):
    """All doors and cameras."""

    sources: list[SeenSource]


class RangeQuestion(BaseModel):
    """Which area and which production days, both included."""

    model_config = ConfigDict(extra="forbid")

    area_id: Code = Field(examples=["hall-1"])
    first_day: Day
    last_day: Day
    source_id: Code | None = Field(None, description="One door or camera; default: the area as a whole.")


class Figures(BaseModel):
    """What was counted; null is unknown, never nobody."""

    avg_occupancy: float | None = Field(description="Time-weighted over what was observed.")
    max_occupancy: int | None
    min_occupancy: int | None
    entries: int | None = Field(description="As far as doors saw them.")
    exits: int | None
    observed_min: float = Field(description="Minutes in which the count was known.")
    surplus_exits: int = Field(description="People who left when nobody was inside: as many entries were missed.")
    event_count: int


class Hour(Figures):
    """An hour of the plant's clock."""

    production_day: date
    hour_start: datetime
    hour_end: datetime
    closing_occupancy: int | None = Field(description="The count with which the next hour begins.")


class OccupancyDay(Figures):
    """A production day."""

    production_day: date
    peak_hour: datetime | None
    observed_hours: int


class Month(Figures):
    """A month of production days."""

    month: date
    peak_day: date | None
    observed_days: int


class Hours(BaseModel):
    """Hours of an area, door or camera; those that nobody has computed yet are not there."""

    area_id: str
    source_id: str | None
    hours: list[Hour]


class OccupancyDays(BaseModel):
    """Production days of an area, door or camera."""

    area_id: str
    source_id: str | None
    days: list[OccupancyDay]


class Months(BaseModel):
    """Months of an area, door or camera: those that the days asked for lie in."""

    area_id: str
    source_id: str | None
    months: list[Month]


class Job(BaseModel):
    """One job of the clock (seed 001)."""

    id: str = Field(examples=["occupancy_hourly_aggregation"])
    name: str = Field(examples=["Hourly Occupancy Aggregation"])
    next_run_time: datetime | None = Field(description="Plant time; null when nobody will start it.")
    trigger: str = Field(examples=["cron[minute=0]"])


class SchedulerStatus(BaseModel):
    """Whether the jobs run by themselves, as Dagster tells it."""

    running: bool = Field(description="Dagster's scheduler has said within three minutes that it lives.")
    last_heard_at: datetime | None = Field(description="When it last did; null: never.")
    jobs: list[Job]


class Aggregation(BaseModel):
    """What a run by hand did (seed 001)."""

    success: bool = Field(description="The run ended well, blocking checks included.")
    hour: int = Field(ge=0, le=23, description="Hour of the plant's clock.", examples=[14])
    records_processed: int = Field(description="Events in all hours computed: the one asked for, and those touched.")
    aggregate_created: bool = Field(description="Rows were written to `occupancy.occupancy_hourly`.")
    hour_start: datetime
    run_id: str | None = Field(description="The run in the Dagster UI.")
    detail: str
