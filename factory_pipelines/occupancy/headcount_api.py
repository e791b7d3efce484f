"""Headcount over HTTP: how many are inside, who they are, and corrections.

Answered from the warehouse alone, out of events: Dagster may be down.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import PlainTextResponse, Response
from psycopg.types.json import Jsonb

from factory_pipelines.occupancy.headcount import Reason
from factory_pipelines.occupancy.headcount_models import (
    AreaNow,
    CorrectionIn,
    Corrections,
    CorrectionShown,
    Muster,
    MusterArea,
    MusterPerson,
    OccupancyNow,
    Terminal,
    TerminalIn,
    Terminals,
)
from factory_pipelines.occupancy.headcount_store import AreaInfo, Loaded, load_headcount
from factory_pipelines.occupancy.muster import AreaCount, MusterLine, add_up, count_areas, muster_lines
from factory_pipelines.occupancy.muster_sheet import as_csv, as_text
from factory_pipelines.occupancy.registry import RegistrationError
from factory_pipelines.occupancy.terminals import register_terminal

router = APIRouter(prefix="/api/v1/occupancy", tags=["occupancy"])

_MOST = 1000
_Area = Annotated[str | None, Query(min_length=1, max_length=200)]
_NO_AREA: dict[int | str, dict[str, Any]] = {404: {"description": "No area has this name."}}


class Format(StrEnum):
    """How the muster list is given."""

    JSON = "json"
    CSV = "csv"
    TEXT = "text"


@router.get("/now", summary="How many are inside, area by area")
def occupancy_now(request: Request) -> OccupancyNow:
    """Doors, badges and roster together, with an interval; what nobody can say is `unknown`, never zero."""
    loaded = _load(request)
    counted = count_areas(loaded)
    roots = [one for one in counted if one.parent_area_id is None]
    whole = add_up(roots, AreaInfo("", "All areas", None, None)) if roots else None
    return OccupancyNow(
        at=loaded.at,
        total=None if whole is None else AreaNow.of(whole),
        areas=[AreaNow.of(one) for one in counted],
    )


@router.get(
    "/muster",
    summary="Who is inside now",
    response_model=Muster,
    responses={
        **_NO_AREA,
        200: {"content": {"text/csv": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}}},
    },
)
def muster(request: Request, area_id: _Area = None, format: Format = Format.JSON) -> Muster | Response:  # noqa: A002
    """Everybody who is or may be inside, from which evidence and how surely; as JSON, CSV, or a sheet to print."""
    loaded = _load(request)
    names = {row["employee_id"]: row["employee_name"] for row in _rows(request, "occupancy/headcount_names")}
    counted, lines = count_areas(loaded), muster_lines(loaded, names)
    if area_id is not None:
        if area_id not in loaded.areas:
            raise _no_area(area_id)
        counted = [one for one in counted if one.area_id == area_id]
        lines = [line for line in lines if line.area_id == area_id]
    if format is Format.CSV:
        return Response(as_csv(lines), media_type="text/csv; charset=utf-8")
    if format is Format.TEXT:
        return PlainTextResponse(as_text(loaded.at, counted, lines, request.app.state.plant_clock.zone))
    return Muster(
        at=loaded.at,
        areas=[_mustered(one, lines) for one in counted],
        people=[MusterPerson.of(line) for line in lines],
    )


@router.get("/corrections", summary="When and why the doors were corrected")
def corrections(request: Request, area_id: _Area = None, days: Annotated[int, Query(ge=1, le=366)] = 7) -> Corrections:
    """The corrections of the last days, with what each rests on."""
    now: datetime = request.app.state.clock()
    found = _rows(request, "occupancy/corrections_between", {"since": now - timedelta(days=days), "until": now})
    return Corrections(
        corrections=[
            CorrectionShown(**{name: row[name] for name in CorrectionShown.model_fields})
            for row in found
            if area_id in (None, row["area_id"])
        ][-_MOST:]
    )


@router.post("/corrections", summary="Somebody has counted an area", responses=_NO_AREA)
def correct(request: Request, said: CorrectionIn) -> CorrectionShown:
    """From now on the area's doors count on from this number; written down with who said it and why."""
    loaded = _load(request)
    if said.area_id not in loaded.areas:
        raise _no_area(said.area_id)
    estimate = loaded.headcount.estimates(loaded.at)[said.area_id]
    params = {
        "area_id": said.area_id,
        "at": loaded.at,
        "before": None if estimate.doors is None else estimate.doors.people,
        "after": said.people,
        "reason": Reason.MANUAL.value,
        "evidence": Jsonb({"reason": said.reason, "counted_by": said.counted_by}),
        "now": loaded.at,
    }
    if request.app.state.writer.execute("occupancy/add_correction", params) == 0:
        detail = "area_id: it was corrected at this very moment; look at the number and try again"
        raise HTTPException(409, {"code": "corrected_already", "detail": detail, "field": "area_id"})
    return CorrectionShown(
        area_id=said.area_id,
        corrected_at=loaded.at,
        people_before=params["before"],
        people_after=said.people,
        reason=Reason.MANUAL.value,
        evidence={"reason": said.reason, "counted_by": said.counted_by},
    )


@router.post(
    "/terminals",
    summary="Say where a terminal leads",
    responses={409: {"description": "The area or the door is not registered."}},
)
def put_terminal(request: Request, terminal: TerminalIn) -> Terminal:
    """A terminal that is there already is changed to what is said here."""
    try:
        return Terminal(**register_terminal(request.app.state.writer, **terminal.model_dump()))
    except RegistrationError as error:
        raise HTTPException(409, {"code": error.reason, "detail": str(error), "field": error.field}) from error


@router.get("/terminals", summary="All terminals and where they lead")
def list_terminals(request: Request) -> Terminals:
    """As they were registered."""
    return Terminals(terminals=[Terminal(**row) for row in _rows(request, "occupancy/terminals")])


def _load(request: Request) -> Loaded:
    app = request.app.state
    return load_headcount(app.warehouse, app.plant_clock, app.clock())


def _rows(request: Request, query: str, params: dict[str, Any] | None = None) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = request.app.state.warehouse.rows(query, params)
    return found


def _no_area(area_id: str) -> HTTPException:
    detail = f"area_id: there is no area {area_id}; GET /api/v1/occupancy/areas lists them"
    return HTTPException(404, {"code": "area_unknown", "detail": detail, "field": "area_id"})


def _mustered(one: AreaCount, lines: Sequence[MusterLine]) -> MusterArea:
    here = [line.section for line in lines if line.area_id == one.area_id]
    interval = one.interval
    return MusterArea(
        area_id=one.area_id,
        area_name=one.area_name,
        status=one.status.value,
        people=None if one.people is None else round(one.people, 1),
        people_to=None if interval is None else round(interval[1], 1),
        inside=here.count("inside"),
        possible=here.count("possible"),
        unaccounted_for=one.unaccounted_for,
        unaccounted_for_at_most=one.unaccounted_for_at_most,
        silent_sources=list(one.silent),
    )
