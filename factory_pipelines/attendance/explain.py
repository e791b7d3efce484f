"""One person's day from raw punch to paid minute, in lines that anybody can follow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from factory_pipelines.warehouse.pool import Warehouse

_BINS = (
    ("paid_gap_s", "absence during a paid break", "+"),
    ("unpaid_break_s", "worked through an unpaid break", "-"),
    ("unpaid_before_s", "early, earns nothing", "-"),
    ("unpaid_after_s", "late, earns nothing", "-"),
    ("unpaid_between_s", "between the segments of the shift", "-"),
    ("unpaid_cap_s", "overtime beyond the daily cap", "-"),
)


def explain_day(warehouse: Warehouse, employee_id: str, day: date, zone: ZoneInfo) -> list[str]:
    """The day of a person as text: punches and what each was, the shift, its seconds, the lines that pay them."""
    params = {"employee_id": employee_id, "day": day}
    shifts = warehouse.rows("attendance/explain_shifts", params)
    punches = warehouse.rows("attendance/explain_punches", params)
    lines = warehouse.rows("attendance/explain_lines", params)
    if not shifts and not punches and not lines:
        return [f"{employee_id}, {day}: no shift, no punch, no pay; is the day computed, and the code right?"]
    return list(_story(employee_id, day, zone, shifts, punches, lines))


def _story(
    employee_id: str,
    day: date,
    zone: ZoneInfo,
    shifts: Sequence[Mapping[str, Any]],
    punches: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    yield f"{employee_id}, production day {day} ({zone.key})"
    for shift in shifts:
        key = (shift["shift_start"], shift["shift_id"])
        yield ""
        yield f"Shift {shift['shift_id']} {_at(shift['shift_start'], zone)} to {_at(shift['shift_end'], zone)}"
        yield f"  {shift['day_type']}, {'expected' if shift['is_expected'] else 'not expected'}: {_judged(shift)}"
        yield from _punches([p for p in punches if (p["shift_start"], p["shift_id"]) == key], zone)
        yield from _seconds(shift)
        yield from _pay([line for line in lines if (line["shift_start"], line["shift_id"]) == key])
    known = {(shift["shift_start"], shift["shift_id"]) for shift in shifts}
    if lost := [p for p in punches if p["reason"] is not None]:
        yield ""
        yield "Punches that belong to no shift"
        yield from _punches(lost, zone)
    if rest := [line for line in lines if (line["shift_start"], line["shift_id"]) not in known]:
        yield ""
        yield "Paid or taken back for shifts that are no more"
        yield from _pay(rest)


def _judged(shift: Mapping[str, Any]) -> str:
    words = [shift["status"]]
    if shift["late_s"]:
        words.append(f"came {_length(shift['late_s'])} after the start")
    if shift["grace_period_applied"]:
        words.append("within the grace")
    if shift["early_s"]:
        words.append(f"left {_length(shift['early_s'])} before the end")
    return ", ".join([*words, *(f"review: {flag}" for flag in shift["flags"])])


def _punches(punches: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Iterator[str]:
    for punch in punches:
        said = punch["direction"] or "no direction"
        device = f"{punch['source']}/{punch['device']}" if punch["device"] else punch["source"]
        meaning = punch["role"] if punch["reason"] is None else punch["reason"]
        yield f"  punch {_at(punch['punched_at'], zone)} {said:<12} {device:<20} -> {meaning}"


def _seconds(shift: Mapping[str, Any]) -> Iterator[str]:
    yield f"  presence            {_length(shift['presence_s'])}"
    for name, text, sign in _BINS:
        if shift[name]:
            yield f"  {sign} {_length(shift[name])} {text}"


def _pay(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for line in lines:
        seconds = line["seconds"]
        length = _length(abs(seconds)) if seconds >= 0 else f"-{_length(-seconds)}"
        note = "" if line["kind"] == "line" else f"  adjustment booked on {line['booked_day']}: {line['reason']}"
        yield f"  pays {length} {line['category']} x {line['multiplier'].normalize():f}{note}"
    if not lines:
        yield "  pays nothing"


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _length(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
