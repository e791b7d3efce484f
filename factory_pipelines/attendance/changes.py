"""What waits to be computed: days that punches, rosters, the calendar or a source's report have touched.

A change touches the days it can change and no others, and only where they have been computed before: so that the tables
are the same whether a roster was known before the punches or came after them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from factory_pipelines.attendance.days import REACH, Stretch, around, computed_before, days_of
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.shifts import ShiftCalendar
from factory_pipelines.warehouse.queries import load_sql


def reported_until(conn: Connection[Any]) -> datetime | None:
    """Up to when all required sources have reported."""
    row = conn.execute(load_sql("attendance/reported_until")).fetchone()
    return row[0] if row else None


def take_waiting(conn: Connection[Any], clock: PlantClock) -> list[Stretch]:
    """Takes what waits off its queues, in the caller's transaction; the stretches may overlap."""
    touched = conn.execute(load_sql("attendance/take_touched")).fetchall()
    until = reported_until(conn)
    waiting = conn.execute(load_sql("attendance/waiting_days"), {"reported_until": until}).fetchall()
    return [
        *(around(*one) for one in touched),
        *(Stretch(person, day, day) for person, day in waiting),
        *_changed(conn, clock),
    ]


def people_of_days(conn: Connection[Any], clock: PlantClock, first: date, last: date) -> list[str]:
    """Everybody who may have something on these production days."""
    params = {"first": first, "last": last, **_punched(clock, first, last)}
    return [row[0] for row in conn.execute(load_sql("attendance/people_of_days"), params)]


def note_computed(
    conn: Connection[Any], clock: PlantClock, stretches: Iterable[Stretch], everybody: Sequence[date] = ()
) -> None:
    """Remembers the days that are computed in the caller's transaction, ``everybody``: those of all people."""
    for_all = set(everybody)
    known = [row[0] for row in conn.execute(load_sql("attendance/computed_days"))]
    days = sorted({*(day for stretch in stretches for day in days_of(stretch)), *for_all, *known})
    params = {
        "days": days,
        "is_everybody": [day in for_all for day in days],
        "calendars": [_calendar_of(clock, day) for day in days],
    }
    conn.execute(load_sql("attendance/note_computed"), params)


def _changed(conn: Connection[Any], clock: PlantClock) -> list[Stretch]:
    """Days that a change of rosters or of the calendar touches, among those that have been computed before."""
    # A shift that moves gives and takes punches of its neighbours.
    moved = [
        Stretch(person, first - REACH, last + REACH)
        for person, first, last in conn.execute(load_sql("attendance/take_roster_changes"))
    ]
    known = conn.execute(load_sql("attendance/computed_days")).fetchall()
    for day, _, calendar in known:
        if calendar != _calendar_of(clock, day):
            moved += (Stretch(person, day, day) for person in people_of_days(conn, clock, day, day))
    if not moved:
        return []
    first, last = min(s.first for s in moved), max(s.last for s in moved)
    params = {"people": sorted({s.employee_id for s in moved}), "zone": clock.zone.key, **_punched(clock, first, last)}
    punched: dict[str, set[date]] = defaultdict(set)
    for person, day in conn.execute(load_sql("attendance/punched_days"), params):
        punched[person].add(day)
    return computed_before(moved, {day for day, is_everybody, _ in known if is_everybody}, punched)


def _punched(clock: PlantClock, first: date, last: date) -> dict[str, datetime]:
    """When the punches happened that may matter for these days."""
    return {"punched_from": clock.window(first - REACH)[0], "punched_to": clock.window(last + REACH)[1]}


def _calendar_of(clock: PlantClock, day: date) -> str:
    """What the settings say of a production day, as text: its kind, and its first and last instant."""
    start, end = clock.window(day)
    return f"{ShiftCalendar(clock).day_type(day).value} {start.isoformat()} {end.isoformat()}"
