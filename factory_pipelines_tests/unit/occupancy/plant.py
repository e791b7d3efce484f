"""A small plant for the tests of headcount: one hall with two doors, people with badges, a morning."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from factory_pipelines.occupancy.doors import Count, Crossing, Rates
from factory_pipelines.occupancy.habits import Habits
from factory_pipelines.occupancy.headcount import Anchored, Area, Event, Headcount, events_in_order
from factory_pipelines.occupancy.strangers import Strangers
from factory_pipelines.occupancy.whereabouts import BadgePunch, People, Plan
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.punches import Direction

CLOCK = PlantClock(ZoneInfo("Asia/Kolkata"))
SILENCE = timedelta(minutes=20)
HALL = Area("hall", {"front": SILENCE, "back": SILENCE})


def at(hour: int, minute: int = 0, second: int = 0, *, day: int = 9) -> datetime:
    """A moment of Tuesday 9 September 2025 (or another day), on the plant's clock."""
    return datetime(2025, 9, day, hour, minute, second, tzinfo=CLOCK.zone).astimezone(UTC)


def shift(employee: str, begin: int = 8, end: int = 17, *, day: int = 9, is_expected: bool = True) -> Plan:
    finish = at(end, day=day if end > begin else day + 1)
    return Plan(employee, at(begin, day=day), finish, is_expected)


def punch(employee: str, when: datetime, direction: str | None = "in", area: str | None = "hall") -> BadgePunch:
    return BadgePunch(when, employee, None if direction is None else Direction(direction), area, "T1")


def crossing(when: datetime, direction: str = "in", people: int = 1, door: str = "front", key: str = "x") -> Crossing:
    return Crossing(when, door, "in" if direction == "in" else "out", people, key)


def alive(since: datetime, until: datetime) -> list[Crossing]:
    """Both doors say that they live, every ten minutes."""
    beats = [since + n * timedelta(minutes=10) for n in range((until - since) // timedelta(minutes=10) + 1)]
    return [Crossing(beat, door, None, 0, f"h{beat}") for beat in beats for door in HALL.doors]


def headcount(
    events: Iterable[Event],
    plans: Iterable[Plan] = (),
    *,
    rates: Rates | None = None,
    areas: tuple[Area, ...] = (HALL,),
    anchor: tuple[datetime, Count] | None = None,
) -> Headcount:
    """A headcount of these events."""
    people = People(plans, Habits(), dict.fromkeys((plan.employee_id for plan in plans), "hall"))
    found = Headcount(areas, people, rates or {}, Strangers(CLOCK))
    anchored = [] if anchor is None else [Anchored(anchor[0], "hall", anchor[1])]
    for event in events_in_order([*events, *anchored]):
        found.take(event)
    return found
