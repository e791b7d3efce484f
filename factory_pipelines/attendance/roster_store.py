"""Rosters in the warehouse: what HR gives is held against what is there, and saved whole or not at all.

Triggers note which days a change touches (``attendance.roster_changes``); the next computation takes them from there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from factory_pipelines.attendance.rosters import pattern_from, rule_from
from factory_pipelines.plant.shifts import ShiftError
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_EVERYBODY = {"employees": None}


class RosterError(ValueError):
    """A roster that cannot be worked. ``code`` is for programs, ``place`` and ``field`` say what is at fault."""

    def __init__(self, code: str, field: str, remedy: str, *, place: int | None = None) -> None:
        """``place`` counts the entries of a list from 0."""
        super().__init__(f"{field}: {remedy}")
        self.code, self.field, self.place = code, field, place


def save_employees(warehouse: Warehouse, people: Sequence[Mapping[str, Any]]) -> int:
    """Saves people; returns how many were new or different.

    Raises:
        RosterError: a person comes twice, or has a rule that does not exist.
    """
    _refuse_repeated(people, ("employee_id",))
    with warehouse.transaction() as conn:
        rules = {row["rule_name"] for row in _rows(conn, "attendance/roster_rules")}
        for place, person in enumerate(people):
            rule = person["overtime_rule"]
            if rule is not None and rule not in rules:
                remedy = f"there is no overtime rule {rule}; save it first (POST /api/v1/attendance/overtime-rules)"
                raise RosterError("rule_unknown", "overtime_rule", remedy, place=place)
        return conn.execute(load_sql("attendance/save_employees"), {"rows": Jsonb(list(people))}).rowcount


def save_shift(warehouse: Warehouse, shift: Mapping[str, Any]) -> int:
    """Saves a shift pattern; returns 1 when it was new or different, else 0.

    Raises:
        RosterError: it cannot be worked.
    """
    try:
        pattern_from(shift)
    except ShiftError as error:
        raise RosterError("shift_invalid", "segments", str(error)) from error
    row = {**shift, "segments": Jsonb(shift["segments"]), "breaks": Jsonb(shift["breaks"])}
    return warehouse.execute("attendance/save_shift", row)


def save_rule(warehouse: Warehouse, rule_name: str, definition: Mapping[str, Any]) -> int:
    """Saves an overtime rule; returns 1 when it was new or different, else 0.

    Raises:
        RosterError: it cannot be read.
    """
    try:
        rule_from(rule_name, definition)
    except ValueError as error:
        raise RosterError("rule_invalid", "rule_name", str(error)) from error
    return warehouse.execute("attendance/save_rule", {"rule_name": rule_name, "definition": Jsonb(dict(definition))})


def save_assignments(warehouse: Warehouse, assignments: Sequence[Mapping[str, Any]]) -> int:
    """Saves who works what; returns how many were new or different.

    Raises:
        RosterError: an assignment comes twice, ends before it begins, or names a person or shift that does not exist.
    """
    _refuse_repeated(assignments, ("employee_id", "first_day", "cycle"))
    with warehouse.transaction() as conn:
        people = {row["employee_id"] for row in _rows(conn, "attendance/roster_employees")}
        shifts = {row["shift_id"] for row in _rows(conn, "attendance/roster_shifts")}
        for place, one in enumerate(assignments):
            _refuse_impossible(one, people, shifts, place)
        return conn.execute(load_sql("attendance/save_assignments"), {"rows": Jsonb(list(assignments))}).rowcount


def withdraw_assignment(warehouse: Warehouse, assignment: Mapping[str, Any]) -> int:
    """Takes an assignment back; returns 1, or 0 where there was none."""
    return warehouse.execute("attendance/withdraw_assignment", assignment)


def _refuse_impossible(one: Mapping[str, Any], people: set[str], shifts: set[str], place: int) -> None:
    if one["last_day"] is not None and one["last_day"] < one["first_day"]:
        raise RosterError("range_invalid", "last_day", "give a day from first_day on", place=place)
    if one["employee_id"] not in people:
        remedy = f"nobody is called {one['employee_id']}; save the person first (POST /api/v1/attendance/employees)"
        raise RosterError("employee_unknown", "employee_id", remedy, place=place)
    named = [shift for shift in one["cycle"] if shift is not None]
    if not named:
        raise RosterError("cycle_empty", "cycle", "name at least one shift; who works none needs none", place=place)
    for shift in named:
        if shift not in shifts:
            remedy = f"there is no shift {shift}; save it first (POST /api/v1/attendance/shifts)"
            raise RosterError("shift_unknown", "cycle", remedy, place=place)


def _refuse_repeated(entries: Iterable[Mapping[str, Any]], key: tuple[str, ...]) -> None:
    seen = set()
    for place, entry in enumerate(entries):
        name = repr([entry[field] for field in key])
        if name in seen:
            raise RosterError("repeated", key[0], "the same entry stands in the list twice; send it once", place=place)
        seen.add(name)


def _rows(conn: Connection[Any], query: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(load_sql(query), _EVERYBODY).fetchall()
