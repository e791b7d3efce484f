"""The factory clock: production days, hourly sessions and the working calendar, in the plant's own zone.

A production day is named by the calendar date on which it begins, so a night shift belongs to the day it began. Its
length is 24 hours of wall time: 23 or 25 elapsed hours where the zone changes its clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class PlantClock:
    """Time as one plant sees it.

    Attributes:
        zone: IANA zone of the plant.
        day_start: wall time at which a production day begins.
        first_session: wall time at which RTMS session S01 begins; every session lasts one hour.
        rest_weekdays: weekdays without production (Monday = 0).
        holidays: production days without production.
    """

    zone: ZoneInfo
    day_start: time = time(6)
    first_session: time = time(8)
    rest_weekdays: frozenset[int] = field(default_factory=lambda: frozenset({6}))
    holidays: frozenset[date] = field(default_factory=frozenset)

    def production_day(self, at: datetime) -> date:
        """The production day that ``at`` belongs to.

        Raises:
            ValueError: when ``at`` carries no zone; a naive time has no place in a plant with a clock change.
        """
        if at.tzinfo is None:
            raise ValueError(f"time {at.isoformat()} has no zone: attach one before asking for its production day")
        day = at.astimezone(self.zone).date()
        # Compared as instants: on a day when the clock jumps over day_start, wall times would mislead. Two steps back
        # where a zone has left out a whole day (Samoa, 30 December 2011).
        while at < self.window(day)[0]:
            day -= timedelta(days=1)
        return day

    def window(self, day: date) -> tuple[datetime, datetime]:
        """First instant of ``day`` and first instant of the next one, both in UTC."""
        return self._instant(day, self.day_start), self._instant(day + timedelta(days=1), self.day_start)

    def hours(self, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Start and end, in UTC, of each hour of the wall clock that overlaps ``first`` to ``last``, in turn.

        An hour ends when the clock on the wall next shows a full hour. A repeated hour is two; a zone that moves its
        clock by half an hour has shorter ones.
        """
        start = self._last_full_hour(first)
        if start.astimezone(self.zone).minute:  # the clock was moved in between
            start = self._last_full_hour(start)
        while start < last:
            end = start + timedelta(minutes=60 - start.astimezone(self.zone).minute)
            if end > first:
                yield start, end
            start = end

    def session_window(self, day: date, session: int) -> tuple[datetime, datetime]:
        """Start and end of RTMS session ``session`` (1 to 12) of ``day``, in UTC.

        Raises:
            ValueError: when there is no such session.
        """
        if not 1 <= session <= 12:
            raise ValueError(f"session {session}: RTMS has sessions 1 to 12")
        wall = datetime.combine(day, self.first_session) + timedelta(hours=session - 1)
        start = wall.replace(tzinfo=self.zone).astimezone(UTC)
        return start, start + timedelta(hours=1)

    def is_working_day(self, day: date) -> bool:
        """Whether the plant produces on ``day``."""
        return day.weekday() not in self.rest_weekdays and day not in self.holidays

    def working_days(self, first: date, last: date) -> list[date]:
        """Working days from ``first`` to ``last``, both included."""
        return [day for day in _days_from(first, last) if self.is_working_day(day)]

    def next_working_days(self, after: date, count: int) -> list[date]:
        """The ``count`` working days that follow ``after``.

        Raises:
            ValueError: when the calendar has no working day within a year (every weekday is a rest day).
        """
        found: list[date] = []
        for day in _days_from(after + timedelta(days=1), after + timedelta(days=366 + 7 * count)):
            if len(found) == count:
                return found
            if self.is_working_day(day):
                found.append(day)
        if len(found) < count:
            raise ValueError("the plant calendar has no working days: check FACTORY_PLANT__REST_WEEKDAYS and HOLIDAYS")
        return found

    def _last_full_hour(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return (at - past).astimezone(UTC)

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, tzinfo=self.zone).astimezone(UTC)


def _days_from(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
