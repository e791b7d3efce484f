"""The gate over HTTP: deciding upon reads, the vehicle lists, the queue of unknown plates, statistics.

The application's state holds ``warehouse`` (reads), ``writer`` (changes), ``settings`` and ``clock``; the gate itself
lives as ``app.state.gate`` between start and end of the application.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from factory_pipelines.gate import registry
from factory_pipelines.gate.api_models import (
    GateEvent,
    GateEvents,
    GateStatistics,
    ListKind,
    ListLine,
    ListLines,
    PlateAnswer,
    PlateQuestion,
    Registration,
    Settlement,
    Status,
    UnknownPlate,
    UnknownPlates,
    Withdrawal,
)
from factory_pipelines.gate.lists import ListEntry
from factory_pipelines.gate.plates import NoPlate, clean, parse
from factory_pipelines.gate.service import GateService
from factory_pipelines.warehouse.pool import Warehouse

# An alarm's message and whatever else is due beside it; the rest is the outbox sensor's.
_MESSAGES_AFTER_AN_ALARM = 20


@asynccontextmanager
async def _gate_at_work(app: FastAPI) -> AsyncIterator[None]:
    gate = GateService(
        app.state.writer, app.state.settings, clock=app.state.clock, after_alarm=lambda: _send_alarms(app)
    )
    app.state.gate = gate
    gate.start()
    try:
        yield
    finally:
        await run_in_threadpool(gate.close)


router = APIRouter(prefix="/api/v1/vehicle", tags=["gate"], lifespan=_gate_at_work)

_Limit = Annotated[int, Query(ge=1, le=1000)]
_Plate = Annotated[str, Path(min_length=1, max_length=64)]
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "The plate is not there."},
    409: {"description": "It stands on that list already, is no plate of this gate, or its validity is empty."},
}


def get_gate(request: Request) -> GateService:
    """The gate of this process."""
    gate: GateService = request.app.state.gate
    return gate


def get_warehouse(request: Request) -> Warehouse:
    """Where it is read."""
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def get_writer(request: Request) -> Warehouse:
    """Where it is changed."""
    warehouse: Warehouse = request.app.state.writer
    return warehouse


def get_now(request: Request) -> datetime:
    """The present."""
    now: datetime = request.app.state.clock()
    return now


_Gate = Annotated[GateService, Depends(get_gate)]
_Reads = Annotated[Warehouse, Depends(get_warehouse)]
_Writes = Annotated[Warehouse, Depends(get_writer)]
_Now = Annotated[datetime, Depends(get_now)]


@router.post("/validate-plate", summary="Is it a plate, whose is it, may it pass?")
def validate_plate(request: Request, gate: _Gate, question: PlateQuestion) -> PlateAnswer:
    """Three layers: confidence above the threshold, the format of a plate, the lists. What is no plate is an answer.

    The gate answers while the database is away, from memory and marked `confirmed: false`; it never opens for a plate
    it does not know.
    """
    answer = gate.decide(
        question.as_reads(),
        gate_id=question.gate_id,
        track_id=question.vehicle_track_id,
        direction=question.direction,
        source=getattr(request.state, "key_name", None) or "api",
    )
    return PlateAnswer.of(answer, question.vehicle_track_id)


@router.get("/gate-statistics", summary="What the gates know and saw")
def gate_statistics(
    gate: _Gate, warehouse: _Reads, now: _Now, hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24
) -> GateStatistics:
    """Plates on each list, the threshold, and what the gates saw in the last hours; refused reads by reason."""
    seen = warehouse.rows("gate/statistics", {"since": now - timedelta(hours=hours)})[0]
    listed = registry.load_index(warehouse, now).counts(now)
    return GateStatistics(
        blocked_vehicles=listed["blocked"],
        authorized_vehicles=listed["authorized"],
        temporary_vehicles=listed["temporary"],
        ocr_threshold=gate.rules.min_confidence,
        plate_profile=gate.rules.grammar.name,
        hours=hours,
        events_waiting=gate.waiting_events,
        **seen,
    )


@router.get("/events", summary="Decisions of the gates")
def events(
    warehouse: _Reads,
    now: _Now,
    plate_number: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    status: Status | None = None,
    hours: Annotated[int, Query(ge=1, le=24 * 366)] = 24,
    limit: _Limit = 200,
) -> GateEvents:
    """Every decision of the last hours, refused reads and repetitions among them; the newest first."""
    plate = None if plate_number is None else _cleaned(plate_number)
    params = {"since": now - timedelta(hours=hours), "plate": plate, "status": status, "limit": limit}
    found = [
        GateEvent.model_validate(
            {**row, "event_id": str(row["event_id"]), "plate_number": row["plate"], "vehicle_track_id": row["track_id"]}
        )
        for row in warehouse.rows("gate/events", params)
    ]
    return GateEvents(count=len(found), events=found)


@router.get("/lists", summary="The vehicle lists")
def list_lines(warehouse: _Reads, now: _Now, kind: ListKind | None = None, limit: _Limit = 200) -> ListLines:
    """Lines that count now or will; the newest first."""
    rows = warehouse.rows("gate/list_entries", {"kind": kind, "now": now, "limit": limit})
    return ListLines(count=len(rows), lines=[ListLine.of(row) for row in rows])


@router.post("/lists/{kind}", summary="Enter a plate into a list", responses=_REFUSALS)
def register(gate: _Gate, warehouse: _Writes, now: _Now, kind: ListKind, asked: Registration) -> ListLine:
    """Authorised, blocked or temporary, with reason and officer. It counts at every gate at once."""
    plate = _typed_plate(gate, asked.plate_number)
    try:
        entry = registry.register(
            warehouse,
            plate,
            kind,
            reason=asked.reason,
            officer=asked.officer,
            now=now,
            valid_from=asked.valid_from,
            valid_until=asked.valid_until,
        )
    except registry.AlreadyListedError as error:
        raise _refusal(409, "already_listed", str(error), "plate_number") from error
    except ValueError as error:
        raise _refusal(409, "validity_invalid", str(error), "valid_until") from error
    gate.refresh()
    return _line(entry)


@router.post("/lists/{kind}/withdraw", summary="Take a plate off a list", responses=_REFUSALS)
def withdraw(gate: _Gate, warehouse: _Writes, now: _Now, kind: ListKind, asked: Withdrawal) -> ListLine:
    """The line ends now and stays in the plate's history, with who ended it and why."""
    plate = _typed_plate(gate, asked.plate_number)
    try:
        entry = registry.withdraw(warehouse, plate, kind, reason=asked.reason, officer=asked.officer, now=now)
    except registry.NotListedError as error:
        raise _refusal(404, "not_listed", str(error), "plate_number") from error
    gate.refresh()
    return _line(entry)


@router.get("/history/{plate_number}", summary="Everything the lists ever said of a plate")
def history(warehouse: _Reads, plate_number: _Plate, limit: _Limit = 200) -> ListLines:
    """All lines, withdrawn ones with who, when and why; the newest first."""
    rows = warehouse.rows("gate/history", {"plate": _cleaned(plate_number), "limit": limit})
    return ListLines(count=len(rows), lines=[ListLine.of(row) for row in rows])


@router.get("/unknown", summary="Plates that nobody knows yet")
def unknown(warehouse: _Reads, limit: _Limit = 200) -> UnknownPlates:
    """What came to a gate and is on no list, until somebody enters or settles it; the latest first."""
    rows = warehouse.rows("gate/unknown", {"limit": limit})
    plates = [UnknownPlate(plate_number=row.pop("plate"), **row) for row in rows]
    return UnknownPlates(count=len(plates), plates=plates)


@router.post("/unknown/{plate_number}/settle", summary="An unknown plate needs no list", responses=_REFUSALS)
def settle(warehouse: _Writes, now: _Now, plate_number: _Plate, asked: Settlement) -> UnknownPlates:
    """Takes it off the queue, with who decided what; it waits again when it comes again."""
    plate = _cleaned(plate_number)
    try:
        registry.settle_unknown(warehouse, plate, settlement=asked.settlement, officer=asked.officer, now=now)
    except registry.NotListedError as error:
        raise _refusal(404, "not_waiting", str(error), "plate_number") from error
    return unknown(warehouse)


def _typed_plate(gate: GateService, text: str) -> str:
    """A plate as a person wrote it: nothing is put right for somebody who can look again."""
    found = parse(text, gate.rules.grammar)
    if isinstance(found, NoPlate):
        raise _refusal(409, "plate_invalid", found.detail, "plate_number")
    if found.corrections:
        detail = f"this is no plate as it is written: did you mean {found.text}?"
        raise _refusal(409, "plate_invalid", detail, "plate_number")
    return found.text


def _cleaned(text: str) -> str:
    """The plate to look for; a text that is none finds nothing."""
    lines = clean(text)
    return "" if isinstance(lines, NoPlate) else "".join(lines)


def _line(entry: ListEntry) -> ListLine:
    return ListLine(
        entry_id=entry.entry_id,
        plate_number=entry.plate,
        kind=entry.kind,
        reason=entry.reason,
        officer=entry.officer,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
    )


def _refusal(status: int, code: str, detail: str, field: str) -> HTTPException:
    return HTTPException(status, detail={"code": code, "detail": detail, "field": field})


def _send_alarms(app: FastAPI) -> None:
    """An alarm does not wait for the outbox sensor."""
    from factory_pipelines.alerts.channels import build_channels
    from factory_pipelines.alerts.outbox import DeliveryRules, deliver_due

    settings = app.state.settings
    deliver_due(
        app.state.writer,
        build_channels(settings),
        now=app.state.clock,
        rules=DeliveryRules.of(settings.alerts),
        limit=_MESSAGES_AFTER_AN_ALARM,
    )
