"""Rosters over HTTP: HR says who is known, which shifts there are, who works which, and what overtime is worth.

Saving the same again changes nothing. A list is saved whole or not at all. What has been computed already and is
touched by a change is computed again with the next run.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, HTTPException, Query, Request
from pydantic import BaseModel, Discriminator, Field, Tag

from factory_pipelines.attendance import roster_store
from factory_pipelines.attendance.roster_models import (
    Assignment,
    Assignments,
    Code,
    Employee,
    Employees,
    Rule,
    Rules,
    Saved,
    Shift,
    Shifts,
    Withdrawn,
)
from factory_pipelines.plant.codes import TEXT_PATTERN

router = APIRouter(tags=["attendance"])

_MOST = 5000
_T = TypeVar("_T", bound=BaseModel)
_One = Annotated[_T, Tag("entry")]
_Many = Annotated[list[_T], Tag("entries"), Field(max_length=_MOST)]
_BY_SHAPE = Discriminator(lambda sent: "entries" if isinstance(sent, list) else "entry")
_Limit = Annotated[int, Query(ge=1, le=_MOST)]
_After = Annotated[str, Query(max_length=100, pattern=TEXT_PATTERN, description="From behind this code on.")]
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "It cannot be worked, or names what does not exist: see `error.field` and `detail`."}
}


@router.post("/employees", summary="Whose punches are known, one or many", responses=_REFUSED)
def save_employees(request: Request, sent: Annotated[_One[Employee] | _Many[Employee], _BY_SHAPE, Body()]) -> Saved:
    """A person who is there already is replaced."""
    return _save(request, sent, roster_store.save_employees)


@router.get("/employees", summary="Whose punches are known")
def list_employees(request: Request, after: _After = "", limit: _Limit = 1000) -> Employees:
    """In order of their codes."""
    found = request.app.state.warehouse.rows("attendance/list_employees", {"after": after, "limit": limit})
    return Employees.model_validate({"employees": found})


@router.post("/shifts", summary="A shift pattern", responses=_REFUSED)
def save_shift(request: Request, shift: Shift) -> Saved:
    """One of the same name is replaced, for all days ever: to change it from a day on, save and assign a new one."""
    row = {**shift.model_dump(mode="json"), "shift_name": shift.shift_name or shift.shift_id}
    return Saved(received=1, changed=_or_refuse(lambda: roster_store.save_shift(request.app.state.writer, row)))


@router.get("/shifts", summary="All shift patterns")
def list_shifts(request: Request) -> Shifts:
    """In order of their names."""
    return Shifts.model_validate({"shifts": request.app.state.warehouse.rows("attendance/list_shifts")})


@router.post("/overtime-rules", summary="An overtime rule", responses=_REFUSED)
def save_rule(request: Request, rule: Rule) -> Saved:
    """A rule of the same name is replaced, for all days ever; frozen periods change by adjustments only."""
    writer = request.app.state.writer
    changed = _or_refuse(lambda: roster_store.save_rule(writer, rule.rule_name, rule.definition()))
    return Saved(received=1, changed=changed)


@router.get("/overtime-rules", summary="All overtime rules")
def list_rules(request: Request) -> Rules:
    """As they were saved, with the engine's defaults for the rest."""
    found = request.app.state.warehouse.rows("attendance/roster_rules")
    return Rules.model_validate({"rules": [{"rule_name": row["rule_name"], **row["definition"]} for row in found]})


@router.post("/shift-assignments", summary="Who works which shifts, one or many", responses=_REFUSED)
def save_assignments(
    request: Request, sent: Annotated[_One[Assignment] | _Many[Assignment], _BY_SHAPE, Body()]
) -> Saved:
    """One of the same person, first day and cycle is replaced: send it with a `last_day` to end it."""
    return _save(request, sent, roster_store.save_assignments)


@router.get("/shift-assignments", summary="Who works which shifts")
def list_assignments(
    request: Request,
    employee_id: Annotated[Code | None, Query()] = None,
    after: _After = "",
    limit: _Limit = 1000,
) -> Assignments:
    """Of everybody or of one person."""
    params = {"employee_id": employee_id, "after": after, "limit": limit}
    found = request.app.state.warehouse.rows("attendance/list_assignments", params)
    return Assignments.model_validate({"assignments": found})


@router.post(
    "/shift-assignments/withdraw",
    summary="An assignment was a mistake",
    responses={404: {"description": "There is no such assignment."}},
)
def withdraw_assignment(request: Request, assignment: Withdrawn) -> Saved:
    """As if it had never been there. What has ended is given a `last_day` instead."""
    if not roster_store.withdraw_assignment(request.app.state.writer, assignment.model_dump()):
        detail = "no assignment of this person has this first day and cycle: GET /api/v1/attendance/shift-assignments"
        raise HTTPException(404, {"code": "assignment_unknown", "detail": detail, "field": "first_day"})
    return Saved(received=1, changed=1)


def _save(request: Request, sent: BaseModel | list[Any], save: Callable[[Any, Any], int]) -> Saved:
    many = sent if isinstance(sent, list) else [sent]
    rows = [one.model_dump(mode="json") for one in many]
    return Saved(received=len(rows), changed=_or_refuse(lambda: save(request.app.state.writer, rows), sent))


def _or_refuse(save: Callable[[], int], sent: object = None) -> int:
    try:
        return save()
    except roster_store.RosterError as error:
        field = f"entries.{error.place}.{error.field}" if isinstance(sent, list) else error.field
        detail = str(error).replace(error.field, field, 1)
        raise HTTPException(409, {"code": error.code, "detail": detail, "field": field}) from error
