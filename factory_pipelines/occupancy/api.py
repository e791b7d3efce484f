"""Occupancy over HTTP: events in, one or many, and where people are counted.

An event is stored before the answer is given, once however often it is sent.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Request
from pydantic import Discriminator, Field, Tag

from factory_pipelines.occupancy.api_models import (
    Area,
    AreaIn,
    Areas,
    BatchAnswer,
    EventAnswer,
    EventIn,
    EventOfMany,
    Refused,
    RegisteredSource,
    SeenSource,
    SourceIn,
    Sources,
)
from factory_pipelines.occupancy.events import OccupancyEvent, Refusal, read_event
from factory_pipelines.occupancy.ingest import IngestResult, ingest
from factory_pipelines.occupancy.registry import RegistrationError, register_area, register_source

router = APIRouter(prefix="/api/v1/occupancy", tags=["occupancy"])

_MOST = 5000
_NOT_NOW = {
    "time_in_future",
    "time_too_early",
    "source_unknown",
    "event_contradicts",
}  # well written, and not possible as things stand
_One = Annotated[EventIn, Tag("event")]
_Many = Annotated[list[EventOfMany], Tag("events"), Field(max_length=_MOST)]
# One shape is tried, not both: an error then names the field at fault, and nothing else.
_BY_SHAPE = Discriminator(lambda sent: "events" if isinstance(sent, list) else "event")
_EVENT_ANSWERS: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The source is not registered, the time has not come yet, or the event contradicts a known one."
    },
    422: {"description": "One event that is none: `error.field` names the fault; the event is kept."},
}
_REGISTRATION_ANSWERS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The area is not registered, is part of itself, or the source has counted elsewhere."},
}


@router.post("/events", summary="A door or camera says something, or many do", responses=_EVENT_ANSWERS)
def take_events(request: Request, sent: Annotated[_One | _Many, _BY_SHAPE, Body()]) -> EventAnswer | BatchAnswer:
    """Up to 5,000 events, in any order, as late and as often as you like; a list says what became of each."""
    app = request.app.state
    now: datetime = app.clock()
    tolerance = timedelta(minutes=app.settings.occupancy.future_tolerance_min)
    events = [one.model_dump(exclude_unset=True) for one in (sent if isinstance(sent, list) else [sent])]
    result = ingest(app.writer, events, now=now, tolerance=tolerance)
    if isinstance(sent, list):
        return _batch(result)
    if result.refused:
        raise _refused(result.refused[0])
    event = read_event(events[0], now=now, tolerance=tolerance)
    assert isinstance(event, OccupancyEvent)  # noqa: S101 - it has just been taken
    return EventAnswer(
        source_id=event.source_id,
        event_id=event.event_id,
        observed_at=event.observed_at,
        is_new=result.accepted == 1,
    )


@router.post("/areas", summary="Register an area, or change it", responses=_REGISTRATION_ANSWERS)
def put_area(request: Request, area: AreaIn) -> Area:
    """An area that is there already is changed to what is said here."""
    try:
        return Area(**register_area(request.app.state.writer, **area.model_dump()))
    except RegistrationError as error:
        raise _not_registered(error) from error


@router.get("/areas", summary="All areas")
def list_areas(request: Request) -> Areas:
    """Where people are counted."""
    return Areas(areas=[Area(**row) for row in request.app.state.warehouse.rows("occupancy/areas")])


@router.post("/sources", summary="Register a door or camera, or change it", responses=_REGISTRATION_ANSWERS)
def put_source(request: Request, source: SourceIn) -> RegisteredSource:
    """Events it has sent before it was registered are taken from the refusals."""
    app = request.app.state
    try:
        found, taken = register_source(app.writer, **source.model_dump(), now=app.clock())
    except RegistrationError as error:
        raise _not_registered(error) from error
    return RegisteredSource(**found, taken_events=taken)


@router.get("/sources", summary="All doors and cameras, and which are silent")
def list_sources(request: Request) -> Sources:
    """Each with its newest sign of life."""
    app = request.app.state
    now: datetime = app.clock()

    def seen(row: dict[str, Any]) -> SeenSource:
        last = row["last_seen_at"]
        silent = None if last is None else now - last > timedelta(seconds=row["max_silence_s"])
        return SeenSource(**row, is_silent=silent)

    return Sources(sources=[seen(row) for row in app.warehouse.rows("occupancy/sources")])


def _batch(result: IngestResult) -> BatchAnswer:
    refused = [
        Refused(index=place, field=one.field, code=one.reason, detail=one.detail)
        for place, one in zip(result.places, result.refused, strict=True)
    ]
    return BatchAnswer(
        received=result.received, accepted=result.accepted, duplicates=result.duplicates, refused=refused
    )


def _refused(one: Refusal) -> HTTPException:
    status = 409 if one.reason in _NOT_NOW else 422
    return HTTPException(status, {"code": one.reason, "detail": one.detail, "field": one.field})


def _not_registered(error: RegistrationError) -> HTTPException:
    return HTTPException(409, {"code": error.reason, "detail": str(error), "field": error.field})
