"""Attendance over HTTP: punches in, one or many, and what a person's days add up to.

A punch is stored before the answer is given, once however often it is sent. Tables and payroll follow with the next
recomputation; the answer to one punch is computed by the same engine from what is known at that moment.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, HTTPException, Path, Query, Request
from pydantic import Discriminator, Field, Tag

from factory_pipelines.attendance.api_models import (
    BatchAnswer,
    CheckIn,
    CheckInOfMany,
    CheckOut,
    CheckOutOfMany,
    PunchAnswer,
    PunchIn,
    Refused,
    SummaryAnswer,
    SummaryQuestion,
    Watermark,
    WatermarkAnswer,
)
from factory_pipelines.attendance.days import REACH, Stretch
from factory_pipelines.attendance.events import EARLIEST, PunchEvent, Refusal, read_event, read_time
from factory_pipelines.attendance.ingest import report_source, store_punches, store_refusals
from factory_pipelines.attendance.recompute import load_punches, load_roster, policies_of
from factory_pipelines.attendance.roster_api import router as rosters
from factory_pipelines.attendance.summaries import PunchVerdict, as_dict, explain_punch, shift_on_the_spot, summarise
from factory_pipelines.plant.shifts import ShiftError

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
router.include_router(rosters)

_MOST = 5000
_UNREADABLE = {"time_invalid", "employee_id_invalid"}  # other refusals are well written, and not possible now
_Code = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
_T = TypeVar("_T", bound=PunchIn)
_One = Annotated[_T, Tag("event")]
_Many = Annotated[list[_T], Tag("events"), Field(max_length=_MOST)]
# One shape is tried, not both: an error then names the field at fault, and nothing else.
_BY_SHAPE = Discriminator(lambda sent: "events" if isinstance(sent, list) else "event")
_ANSWERS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The event's time has not come yet, or lies before all terminals; it is kept as a refusal."},
    422: {"description": "One event that is no punch: `error.field` names the fault; the event is kept."},
}


@router.post("/check-in", summary="Somebody comes, or many do", responses=_ANSWERS)
def check_in(
    request: Request, sent: Annotated[_One[CheckIn] | _Many[CheckInOfMany], _BY_SHAPE, Body()]
) -> PunchAnswer | BatchAnswer:
    """One event is answered with what it means, a list with what became of it; events sent again change nothing."""
    return _take(request, sent, "check_in_time", "in")


@router.post("/check-out", summary="Somebody leaves, or many do", responses=_ANSWERS)
def check_out(
    request: Request, sent: Annotated[_One[CheckOut] | _Many[CheckOutOfMany], _BY_SHAPE, Body()]
) -> PunchAnswer | BatchAnswer:
    """Likewise for leaving. A check-out without its check-in is kept and flagged, never refused."""
    return _take(request, sent, "check_out_time", "out")


@router.post(
    "/sources/{source}/watermark",
    summary="A source has reported up to here",
    responses={409: {"description": "The time has not come yet, or lies before all terminals."}},
)
def report(request: Request, source: _Code, said: Watermark) -> WatermarkAnswer:
    """Lets a source without new punches say so: nobody is absent before all sources have passed the shift."""
    app = request.app.state
    at = read_time(said.reported_until, app.plant_clock.zone)
    if at is None:
        detail = "reported_until: there is no such time; write it as 2025-01-15T18:00:00"
        raise HTTPException(422, {"code": "time_invalid", "detail": detail, "field": "reported_until"})
    if at < EARLIEST:
        detail = "reported_until: that is before any terminal; leave it out, and the source's punches say it"
        raise HTTPException(409, {"code": "time_too_early", "detail": detail, "field": "reported_until"})
    if at > app.clock() + _tolerance(app):
        detail = "reported_until: nobody can have reported up to a time that has not come yet"
        raise HTTPException(409, {"code": "time_in_future", "detail": detail, "field": "reported_until"})
    return WatermarkAnswer(source=source, reported_until=report_source(app.writer, source, at))


@router.get(
    "/employees/{employee_id}/summary",
    summary="A person's days added up",
    responses={409: {"description": "The range ends before it begins."}},
)
def summary(request: Request, employee_id: _Code, asked: Annotated[SummaryQuestion, Query()]) -> SummaryAnswer:
    """What payroll and supervisors see of a person between two production days, both included."""
    if asked.last_day < asked.first_day:
        detail = "last_day: give a day from first_day on"
        raise HTTPException(409, {"code": "range_invalid", "detail": detail, "field": "last_day"})
    warehouse = request.app.state.warehouse
    params = {"employee_id": employee_id, "first": asked.first_day, "last": asked.last_day}
    rows = warehouse.rows("attendance/summary", params)
    return SummaryAnswer(
        employee_id=employee_id,
        first_day=asked.first_day,
        last_day=asked.last_day,
        paid=warehouse.rows("attendance/paid_of_employee", params),
        **as_dict(summarise(rows)),
    )


def _take(
    request: Request, sent: PunchIn | Sequence[PunchIn], time_field: str, direction: str
) -> PunchAnswer | BatchAnswer:
    app = request.app.state
    many = [sent] if isinstance(sent, PunchIn) else sent
    now, zone = app.clock(), app.plant_clock.zone
    read = [
        read_event(
            one.model_dump(mode="json"),
            zone=zone,
            now=now,
            tolerance=_tolerance(app),
            time_field=time_field,
            direction=direction,
        )
        for one in many
    ]
    punches = [one for one in read if isinstance(one, PunchEvent)]
    with app.writer.transaction() as conn:
        accepted = store_punches(conn, punches, zone=zone, now=now)
        store_refusals(conn, [one for one in read if isinstance(one, Refusal)], now=now)
    if not isinstance(sent, PunchIn):
        refused = [
            Refused(index=n, field=one.field, code=one.reason, detail=one.detail)
            for n, one in enumerate(read)
            if isinstance(one, Refusal)
        ]
        return BatchAnswer(received=len(read), accepted=accepted, duplicates=len(punches) - accepted, refused=refused)
    (only,) = read
    if isinstance(only, Refusal):
        status = 422 if only.reason in _UNREADABLE else 409
        raise HTTPException(status, {"code": only.reason, "detail": only.detail, "field": only.field})
    return _answer(only, _meaning(app, sent, only), is_new=accepted == 1)


def _meaning(app: Any, sent: PunchIn, event: PunchEvent) -> PunchVerdict:
    clock = app.plant_clock
    policies = policies_of(app.settings)
    day = clock.production_day(event.punched_at)
    stretch = Stretch(event.employee_id, day, day)
    with app.writer.transaction() as conn:
        try:
            roster = load_roster(conn, clock, [event.employee_id], day - REACH, day + REACH)
        except (ShiftError, ValueError) as error:  # the punch is stored; the roster is what an operator must mend
            raise HTTPException(409, {"code": "roster_invalid", "detail": str(error)}) from error
        punches = load_punches(conn, clock, [stretch]).get((event.employee_id, day), [])
    shifts = roster.shifts(event.employee_id, day - REACH, day + REACH)
    if sent.shift_data is not None and not shifts:
        given = sent.shift_data
        shifts = shift_on_the_spot(
            roster.calendar,
            event.punched_at,
            given.start_time,
            given.end_time,
            grace_min=given.grace_period_minutes,
        )
    key = f"{event.source}\x1f{event.device}"
    punch = next(p for p in punches if p.at == event.punched_at and p.key == key)
    # What came later is not known to somebody who stands at the terminal.
    earlier = [p for p in punches if p.at <= punch.at]
    return explain_punch(
        punch,
        earlier,
        shifts,
        is_known=event.employee_id in roster.rules,
        punch_policy=policies.punches,
        policy=policies.attendance,
    )


def _answer(event: PunchEvent, meaning: PunchVerdict, *, is_new: bool) -> PunchAnswer:
    shift = meaning.shift
    return PunchAnswer(
        employee_id=event.employee_id,
        time=event.punched_at,
        status=meaning.status,
        is_late=meaning.is_late,
        is_early_exit=meaning.is_early_exit,
        grace_period_applied=meaning.grace_period_applied,
        flagged_for_review=meaning.flagged_for_review,
        skipped_duplicate=meaning.skipped_duplicate or not is_new,
        shift_id=shift.pattern.shift_id if shift else None,
        production_day=shift.production_day if shift else None,
        exception=meaning.exception,
    )


def _tolerance(app: Any) -> timedelta:
    return timedelta(minutes=app.settings.attendance.future_tolerance_min)
