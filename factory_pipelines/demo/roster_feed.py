"""HR of the simulated plant: enters people, shifts and assignments that are not there yet, through HR's own door.

What is there is left alone, so that whatever somebody has changed by hand stays.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from factory_pipelines.attendance.roster_store import save_assignments, save_employees, save_rule, save_shift
from factory_pipelines.demo.crews import Roster
from factory_pipelines.plant.shifts import ShiftPattern
from factory_pipelines.warehouse.pool import Warehouse


def keep_roster(warehouse: Warehouse, roster: Roster, history_day: date) -> None:
    """Enters whoever and whatever is new; nobody is expected before ``history_day``, when the punches begin."""
    known = warehouse.rows("demo/known_roster")[0]
    for name, definition in roster.overtime_rules.items():
        if name not in known["rules"]:
            save_rule(warehouse, name, definition)
    for pattern in roster.shifts:
        if pattern.shift_id not in known["shifts"]:
            save_shift(warehouse, _shift(pattern))
    people = [row for row in roster.employees.to_dict("records") if row["employee_id"] not in known["employees"]]
    if people:
        save_employees(warehouse, [{str(name): value for name, value in row.items()} for row in people])
    rows = roster.shift_assignments.to_dict("records")
    assignments = [_from_day(row, history_day) for row in rows if row["employee_id"] not in known["assigned"]]
    if assignments:
        save_assignments(warehouse, assignments)


def _shift(pattern: ShiftPattern) -> dict[str, Any]:
    return {
        "shift_id": pattern.shift_id,
        "shift_name": pattern.shift_id.title(),
        "segments": [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in pattern.segments],
        "grace_in_min": pattern.grace_in_min,
        "grace_out_min": pattern.grace_out_min,
        "window_before_min": pattern.window_before_min,
        "window_after_min": pattern.window_after_min,
        "breaks": [
            {"minutes": pause.minutes, "start": f"{pause.start:%H:%M}", "is_paid": pause.is_paid}
            for pause in pattern.breaks
        ],
        "required_min": pattern.required_min,
    }


def _from_day(row: Mapping[Any, Any], history_day: date) -> dict[str, Any]:
    """The assignment from ``history_day`` on, with its cycle turned so that every day keeps its shift."""
    first = max(row["first_day"], history_day)
    turn = (first - row["first_day"]).days % len(row["cycle"])
    last = row["last_day"]
    return {
        "employee_id": row["employee_id"],
        "first_day": first.isoformat(),
        "last_day": None if last is None else last.isoformat(),
        "cycle": [*row["cycle"][turn:], *row["cycle"][:turn]],
        "is_expected": row["is_expected"],
    }
