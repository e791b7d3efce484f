"""What doors and cameras send, as events; what is none is refused with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from factory_pipelines.plant.codes import is_code

KINDS = ("count", "crossing", "heartbeat")
DIRECTIONS = ("in", "out")
MOST_PEOPLE = 100_000
"""More than this at once is no count of people."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # a device whose battery is empty says 1970
_LONGEST = 200
_FIELDS = frozenset(
    {
        "source_id", "observed_at", "event_id", "kind", "direction",
        "people", "label", "track_id", "confidence", "snapshot",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OccupancyEvent:
    """One thing that a door or camera said.

    Attributes:
        source_id: which door or camera.
        observed_at: when it was seen, in UTC.
        event_id: the sender's own key: the same event sent again is the same event.
        kind: ``count`` (so many are inside), ``crossing`` (so many passed) or ``heartbeat`` (alive, nothing happened).
        direction: of a crossing.
        people: how many; None for a heartbeat.
        label: what was counted; only ``person`` changes an occupancy.
        track_id: the camera's number for whom it saw.
        confidence: of the detection, 0 to 1.
        snapshot: relative path of a picture.
    """

    source_id: str
    observed_at: datetime
    event_id: str
    kind: str
    direction: str | None
    people: int | None
    label: str = "person"
    track_id: str | None = None
    confidence: float | None = None
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that is none. ``reason`` is for programs, ``detail`` for people."""

    field: str
    reason: str
    detail: str
    source_id: str
    event: Mapping[str, Any]


class _NoEventError(ValueError):
    """Which field is at fault, why for programs, why for people."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason, self.detail = field, reason, f"{field}: {detail}"


def read_event(event: Mapping[str, Any], *, now: datetime, tolerance: timedelta) -> OccupancyEvent | Refusal:
    """One event as it is stored, or why it is none.

    Args:
        event: the fields of ``OccupancyEvent``; ``observed_at`` is an ISO text with its offset, or an aware datetime.
        now: the present.
        tolerance: how far ahead of it a device's clock may be.
    """
    try:
        return _read(event, now + tolerance)
    except _NoEventError as error:
        source = event.get("source_id")
        named = source[:_LONGEST] if isinstance(source, str) else ""
        return Refusal(error.field, error.reason, error.detail, named, event)


def _read(event: Mapping[str, Any], latest: datetime) -> OccupancyEvent:
    if unknown := sorted(str(name)[:_LONGEST] for name in event.keys() - _FIELDS):
        raise _NoEventError(
            unknown[0], "field_unknown", f"an event has no such field; it has {', '.join(sorted(_FIELDS))}"
        )
    kind = event.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _NoEventError("kind", "kind_invalid", f"one of {', '.join(KINDS)}")
    label = event.get("label")
    return OccupancyEvent(
        source_id=_code(event, "source_id"),
        observed_at=_time(event.get("observed_at"), latest),
        event_id=_code(event, "event_id"),
        kind=kind,
        direction=_direction(event.get("direction"), kind),
        people=_people(event.get("people"), kind),
        label="person" if label is None else _code(event, "label"),
        track_id=None if event.get("track_id") is None else _code(event, "track_id"),
        confidence=_confidence(event.get("confidence")),
        snapshot=_snapshot(event.get("snapshot")),
    )


def _code(event: Mapping[str, Any], field: str) -> str:
    value = event.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _is_plain(value.strip()):
        raise _NoEventError(field, f"{field}_invalid", "1 to 200 visible characters")
    return value.strip()


def _is_plain(text: str) -> bool:
    return is_code(text, _LONGEST)


def _time(value: object, latest: datetime) -> datetime:
    at = value if isinstance(value, datetime) else _parsed(value)
    if at is None:
        raise _NoEventError(
            "observed_at", "time_invalid", "there is no such time; write it as 2025-01-15T08:03:45+05:30"
        )
    if at.tzinfo is None:
        raise _NoEventError(
            "observed_at", "time_without_offset", "add the offset from UTC, as in 08:03:45+05:30 or 02:33:45Z"
        )
    if not _EARLIEST <= at <= latest:
        early = at < _EARLIEST
        reason = "time_too_early" if early else "time_in_future"
        what = "is before any device" if early else "has not come yet"
        raise _NoEventError("observed_at", reason, f"{at.isoformat()} {what}; set the device's clock")
    return at.astimezone(UTC)


def _parsed(text: object) -> datetime | None:
    if not isinstance(text, str) or len(text) > 40 or ":" not in text:
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _direction(value: object, kind: str) -> str | None:
    if kind == "crossing":
        if not isinstance(value, str) or value not in DIRECTIONS:
            raise _NoEventError("direction", "direction_invalid", "a crossing goes in or out")
        return value
    if value is not None:
        raise _NoEventError("direction", "direction_invalid", f"a {kind} has none; leave it out")
    return None


def _people(value: object, kind: str) -> int | None:
    if kind == "heartbeat":
        if value is not None:
            raise _NoEventError("people", "people_invalid", "a heartbeat counts nobody; send a count instead")
        return None
    least = 1 if kind == "crossing" else 0
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_PEOPLE:
        raise _NoEventError("people", "people_invalid", f"a {kind} has a whole number from {least} to {MOST_PEOPLE}")
    return value


def _confidence(value: object) -> float | None:
    if value is None:
        return None
    # Compared before it is converted: an integer may be too large for a float. NaN fails the comparison.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _NoEventError("confidence", "confidence_invalid", "a number from 0 to 1")
    return float(value)


def _snapshot(value: object) -> str | None:
    """A path below the folder of snapshots, and nowhere else."""
    if value is None:
        return None
    if isinstance(value, str) and _is_plain(value) and "\\" not in value and ":" not in value:
        path = PurePosixPath(value)
        if not path.is_absolute() and ".." not in path.parts:
            return value
    raise _NoEventError("snapshot", "snapshot_invalid", "a relative path of at most 200 characters, without ..")
