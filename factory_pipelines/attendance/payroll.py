"""Days become money: whole weeks as payroll lines, and lines as one row a person.

Seconds are summed as they are; hours are rounded once, where they are printed.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from factory_pipelines.plant.overtime import Minutes, OvertimeRule, pay_lines, settle_week
from factory_pipelines.plant.shifts import DayType

_BINS = (
    *("presence", "paid_gap", "regular", "overtime_before", "overtime_after", "overtime_daily"),
    *("unpaid_break", "unpaid_before", "unpaid_after", "unpaid_between", "unpaid_cap"),
)
_BIN_COLUMNS = [f"{name}_s" for name in _BINS]
_HUNDREDTH = Decimal("0.01")
_HOUR = Decimal(3600)

PERSON_COLUMNS = (
    *("employee_id", "employee_name", "days", "regular_h", "overtime_h", "rest_day_h", "holiday_h"),
    *("adjustment_h", "total_h", "paid_equivalent_h"),
)
LINE_COLUMNS = (
    *("employee_id", "production_day", "shift_id", "shift_start", "category", "seconds", "multiplier", "kind"),
    *("booked_day", "reason"),
)


def week_of(day: date, rule: OvertimeRule) -> tuple[date, date]:
    """First and last day of the week in which ``day`` counts towards weekly limits."""
    first = day - timedelta(days=(day.weekday() - rule.week_starts_on) % 7)
    return first, first + timedelta(days=6)


def minutes_from(row: Mapping[str, Any]) -> Minutes:
    """The bins of a row of ``employee_attendance``."""
    return Minutes(**dict(zip(_BINS, map(row.__getitem__, _BIN_COLUMNS), strict=True)))


def lines_of_week(week: Sequence[Mapping[str, Any]], rule: OvertimeRule) -> list[tuple[Any, ...]]:
    """Payroll lines of one person and week.

    Each is ``production_day, employee_id, shift_start, shift_id, category, multiplier, seconds``.

    Args:
        week: rows of ``employee_attendance``, in order of time.
        rule: the person's.
    """
    days = [(DayType(row["day_type"]), minutes_from(row)) for row in week]
    lines = []
    for row, (day_type, _), settled in zip(week, days, settle_week(days, rule), strict=True):
        for category, seconds, multiplier in pay_lines(day_type, settled, rule):
            key = (row["production_day"], row["employee_id"], row["shift_start"], row["shift_id"])
            lines.append((*key, category, multiplier, seconds))
    return lines


def people_of_period(lines: Iterable[Mapping[str, Any]], names: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """One row a person out of the lines behind it; hours to the hundredth, rounded once."""
    of_person: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        of_person[line["employee_id"]].append(line)
    return [_person(employee, of_person[employee], names.get(employee)) for employee in sorted(of_person)]


def _person(employee: str, lines: Sequence[Mapping[str, Any]], name: str | None) -> dict[str, Any]:
    own = [line for line in lines if line["kind"] == "line"]

    def hours(chosen: Iterable[Mapping[str, Any]], *, weighted: bool = False) -> Decimal:
        total = sum((line["seconds"] * (line["multiplier"] if weighted else 1) for line in chosen), Decimal(0))
        return (total / _HOUR).quantize(_HUNDREDTH, ROUND_HALF_EVEN)

    return {
        "employee_id": employee,
        "employee_name": name,
        "days": len({line["production_day"] for line in own}),
        "regular_h": hours(line for line in own if line["category"] == "regular"),
        "overtime_h": hours(line for line in own if line["category"].startswith("overtime")),
        "rest_day_h": hours(line for line in own if line["category"] == "rest_day"),
        "holiday_h": hours(line for line in own if line["category"] == "holiday"),
        "adjustment_h": hours(line for line in lines if line["kind"] == "adjustment"),
        "total_h": hours(lines),
        "paid_equivalent_h": hours(lines, weighted=True),
    }


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """RFC 4180 with a header; texts that a spreadsheet would run as a formula are quoted with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
