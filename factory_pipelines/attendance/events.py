"""What terminals and other systems send, as punches; what is none is refused with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from factory_pipelines.plant.codes import is_code

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""A terminal whose battery is empty says 1970-01-01."""

_LONGEST_CODE = 100
_FIRST_TIME, _LAST_TIME = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# What terminals and their drivers write when they do not know (horilla#1115).
_NO_VALUE = frozenset({"", "undefined", "null", "none", "nan", "unknown"})
_IN = frozenset({"in", "i", "check-in", "checkin", "check_in", "entry", "0"})
_OUT = frozenset({"out", "o", "check-out", "checkout", "check_out", "exit", "1"})


class PunchEvent(NamedTuple):
    """One punch as it is stored. ``punched_at`` is a whole second: the clock of attendance ticks in seconds."""

    source: str
    device: str
    employee_id: str
    punched_at: datetime
    direction: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that is no punch. ``reason`` is for programs, ``detail`` for people."""

    field: str
    reason: str
    detail: str
    source: str
    event: Mapping[str, Any]


def read_event(
    event: Mapping[str, Any],
    *,
    zone: ZoneInfo,
    now: datetime,
    tolerance: timedelta,
    time_field: str = "time",
    direction: str | None = None,
) -> PunchEvent | Refusal:
    """One event as a punch, or why it is none.

    Args:
        event: ``employee_id``, a time, and where known ``source``, ``device``, ``direction``.
        zone: of times that carry none.
        now: the present.
        tolerance: how far ahead of it a terminal's clock may be.
        time_field: name of the time's field.
        direction: of all events of this door; default: the event's own.
    """
    source = _code(event.get("source")) or "api"

    def refused(name: str, reason: str, detail: str) -> Refusal:
        return Refusal(name, reason, f"{name}: {detail}", source, event)

    employee = event.get("employee_id")
    if isinstance(employee, bool) or not isinstance(employee, str | int):
        return refused("employee_id", "employee_id_invalid", "give the employee's number or code")
    employee_id = str(employee).strip()
    if not _is_employee(employee_id):
        return refused("employee_id", "employee_id_invalid", "1 to 100 characters, all of them visible")
    at = read_time(event.get(time_field), zone)
    if at is None:
        return refused(time_field, "time_invalid", "there is no such time; write it as 2025-01-15T08:03:45")
    if at < EARLIEST:
        return refused(time_field, "time_too_early", f"{at.isoformat()} is before any terminal; set its clock")
    if at > now + tolerance:
        return refused(time_field, "time_in_future", f"{at.isoformat()} has not come yet; set the terminal's clock")
    said = direction or _direction(event.get("direction"))
    return PunchEvent(source, _code(event.get("device")), employee_id, at, said)


def read_time(text: object, zone: ZoneInfo) -> datetime | None:
    """An ISO time in UTC, cut to the second; None when there is no such time (25:61) or no time at all."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    text = text.strip()
    if "T" not in text and " " not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.microsecond:
            at = at.replace(microsecond=0)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except ValueError:
        return None
    except OverflowError:  # 0001-01-01 east of Greenwich: a time, but before all calendars; 9999 west of it: after them
        return _FIRST_TIME if text.startswith("0") else _LAST_TIME


@lru_cache(maxsize=16_384)
def _is_employee(code: str) -> bool:
    return is_code(code, _LONGEST_CODE)


def _code(value: object) -> str:
    """A device's or source's code; empty where it is missing or a driver's word for that."""
    return "" if value is None else _clean_code(str(value)[:1000])


@lru_cache(maxsize=4096)
def _clean_code(given: str) -> str:
    text = "".join(c for c in given.strip() if c.isprintable())[:100]
    return "" if text.lower() in _NO_VALUE else text


def _direction(value: object) -> str | None:
    text = str(value).strip().lower() if value is not None else ""
    if text in _IN:
        return "in"
    return "out" if text in _OUT else None
