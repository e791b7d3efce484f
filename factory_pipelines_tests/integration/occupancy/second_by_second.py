"""Occupancy of an hour, one second after the other: slow, obvious, and what the SQL must agree with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Said:
    """One event, its second counted from the beginning of the test."""

    source: str
    second: int
    kind: str
    people: int | None = None
    direction: str | None = None

    def as_event(self, start: datetime, number: int) -> dict[str, Any]:
        return {
            "source_id": self.source,
            "observed_at": start + timedelta(seconds=self.second),
            "event_id": f"{number:06}",
            "kind": self.kind,
            "people": self.people,
            "direction": self.direction,
        }


Numbered = tuple[int, Said]


def moved(level: int | None, said: Said) -> int | None:
    if said.kind == "count":
        return said.people
    if level is None or said.kind == "heartbeat":
        return level
    assert said.people is not None
    return level + said.people if said.direction == "in" else max(0, level - said.people)


def levels(events: Iterable[Numbered], start: int | None, until: int) -> list[int | None]:
    """The level during each second from 0 to ``until``."""
    order = {"crossing": 0, "count": 2, "heartbeat": 0}
    rank = {"out": 1}
    ordered = sorted(
        events, key=lambda n: (n[1].second, order[n[1].kind] + rank.get(n[1].direction or "", 0), n[1].source, n[0])
    )
    found: list[int | None] = []
    level, place = start, 0
    for second in range(until):
        while place < len(ordered) and ordered[place][1].second <= second:
            level = moved(level, ordered[place][1])
            place += 1
        found.append(level)
    return found


def alive(events: Iterable[Numbered], silence: int, until: int) -> list[bool | None]:
    """Whether the source lives during each second; None before its first event."""
    signs = {said.second for _, said in events}
    found: list[bool | None] = []
    last: int | None = None
    for second in range(until):
        last = second if second in signs else last
        found.append(None if last is None else second - last < silence)
    return found


def hour(
    levels: Sequence[int | None], lives: Sequence[Sequence[bool | None]], hour_no: int
) -> Mapping[str, Any] | None:
    """Figures of one hour; None where no source is there yet."""
    known = []
    seconds = range(hour_no * 3600, hour_no * 3600 + 3600)
    for second in seconds:
        states = [life[second] for life in lives if life[second] is not None]
        level = levels[second]
        if states and all(states) and level is not None:
            known.append(level)
    if not any(life[second] is not None for life in lives for second in seconds):
        return None
    return {
        "avg_occupancy": sum(known) / len(known) if known else None,
        "max_occupancy": max(known, default=None),
        "min_occupancy": min(known, default=None),
        "observed_min": len(known) / 60,
    }


def within(events: Iterable[Numbered], hour_no: int) -> list[Said]:
    """What was said in one hour."""
    return [said for _, said in events if said.second // 3600 == hour_no]


def passages(events: Sequence[Numbered], hour_no: int, *, looked: bool) -> dict[str, int | None]:
    """Passages of one source in one hour; None where there was none and nobody looked."""
    heard = within(events, hour_no)
    found: dict[str, int | None] = {"event_count": len(heard)}
    for name, direction in (("entries", "in"), ("exits", "out")):
        crossings = [said.people or 0 for said in heard if said.direction == direction]
        found[name] = sum(crossings) if crossings or looked else None
    return found
