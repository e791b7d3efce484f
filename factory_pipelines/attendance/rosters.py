"""Rosters: rows of shifts and assignments as the shifts a person works."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from factory_pipelines.plant.overtime import OvertimeRule
from factory_pipelines.plant.shifts import (
    Break,
    DayType,
    PlannedShift,
    Rotation,
    ShiftCalendar,
    ShiftError,
    ShiftPattern,
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person's rotation from its anchor to ``last_day``; ``is_expected`` None: on working days only."""

    rotation: Rotation
    last_day: date | None
    is_expected: bool | None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who works when, and by which overtime rule. Whoever is not in ``rules`` is not known."""

    calendar: ShiftCalendar
    patterns: Mapping[str, ShiftPattern]
    assignments: Mapping[str, Sequence[Assignment]]
    rules: Mapping[str, OvertimeRule] = field(default_factory=dict)

    def shifts(self, employee_id: str, first: date, last: date) -> list[PlannedShift]:
        """The shifts of a person that begin on the calendar days ``first`` to ``last``; each only once."""
        found: dict[tuple[str, date], PlannedShift] = {}
        for assignment in self.assignments.get(employee_id, ()):
            day = max(first, assignment.rotation.anchor)
            until = last if assignment.last_day is None else min(last, assignment.last_day)
            while day <= until:
                if (pattern := assignment.rotation.on(day)) is not None:
                    planned = self.calendar.plan(pattern, day, is_expected=assignment.is_expected)
                    found[pattern.shift_id, day] = planned
                day += timedelta(days=1)
        return list(found.values())


def pattern_from(row: Mapping[str, Any]) -> ShiftPattern:
    """A row of ``attendance.shifts`` as a pattern.

    Raises:
        ShiftError: naming the shift and what cannot be read.
    """
    try:
        segments = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in row["segments"])
        breaks = tuple(
            Break(
                minutes=int(pause["minutes"]),
                start=time.fromisoformat(pause["start"]) if pause.get("start") else None,
                is_paid=bool(pause.get("is_paid", False)),
                after_minutes=int(pause.get("after_minutes", 0)),
            )
            for pause in row["breaks"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ShiftError(f"shift {row['shift_id']}: segments or breaks cannot be read ({error})") from error
    return ShiftPattern(
        row["shift_id"],
        segments,
        grace_in_min=row["grace_in_min"],
        grace_out_min=row["grace_out_min"],
        window_before_min=row["window_before_min"],
        window_after_min=row["window_after_min"],
        breaks=breaks,
        required_min=row["required_min"],
    )


def rule_from(rule_name: str, definition: Mapping[str, Any]) -> OvertimeRule:
    """A row of ``attendance.overtime_rules``; what it does not name keeps its default.

    Raises:
        ValueError: naming the rule and the field that is unknown or unreadable.
    """
    fields = dict(definition)
    given = fields.pop("multipliers", {})
    try:
        multipliers = {**OvertimeRule().multipliers, **{DayType(k): Decimal(str(v)) for k, v in given.items()}}
        return OvertimeRule(**fields, multipliers=multipliers)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"overtime rule {rule_name}: {error}") from error


def roster_from(
    calendar: ShiftCalendar,
    *,
    shifts: Iterable[Mapping[str, Any]],
    assignments: Iterable[Mapping[str, Any]],
    employees: Iterable[Mapping[str, Any]],
    rules: Iterable[Mapping[str, Any]],
) -> Roster:
    """Rows of the four tables as a roster.

    Raises:
        ShiftError: when an assignment names a shift that does not exist, or a shift cannot be worked.
        ValueError: when an employee has a rule that does not exist, or a rule cannot be read.
    """
    patterns = {row["shift_id"]: pattern_from(row) for row in shifts}
    named = {row["rule_name"]: rule_from(row["rule_name"], row["definition"]) for row in rules}
    default = OvertimeRule()
    of_employee: dict[str, OvertimeRule] = {}
    for row in employees:
        name = row["overtime_rule"]
        if name is not None and name not in named:
            raise ValueError(f"employee {row['employee_id']}: there is no overtime rule {name}")
        of_employee[row["employee_id"]] = default if name is None else named[name]
    found: dict[str, list[Assignment]] = {}
    for row in assignments:
        if unknown := {s for s in row["cycle"] if s is not None and s not in patterns}:
            raise ShiftError(f"employee {row['employee_id']}: there is no shift {', '.join(sorted(unknown))}")
        cycle = tuple(None if s is None else patterns[s] for s in row["cycle"])
        assignment = Assignment(Rotation(row["first_day"], cycle), row["last_day"], row["is_expected"])
        found.setdefault(row["employee_id"], []).append(assignment)
    return Roster(calendar, patterns, found, of_employee)
