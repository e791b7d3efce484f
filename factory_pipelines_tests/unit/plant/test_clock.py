"""Production days: every instant has one, whatever the zone does with its clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factory_pipelines.plant.clock import PlantClock

# Whole-hour and half-hour changes, none at all, a change at midnight, and a zone that left out a whole day (2011).
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Pacific/Apia",
    "UTC",
]

_FROM, _SECONDS = datetime(2005, 1, 1, tzinfo=UTC), 40 * 365 * 86_400
instants = st.integers(0, _SECONDS).map(lambda second: _FROM + timedelta(seconds=second))
zones = st.sampled_from(ZONES).map(ZoneInfo)
wall_times = st.times().map(lambda t: t.replace(microsecond=0))


def clock(zone: str, day_start: time = time(6), **calendar: object) -> PlantClock:
    return PlantClock(ZoneInfo(zone), day_start, **calendar)


@given(at=instants, zone=zones, day_start=wall_times)
@example(at=datetime(2011, 12, 30, 13, tzinfo=UTC), zone=ZoneInfo("Pacific/Apia"), day_start=time(6))
@example(at=datetime(2011, 12, 30, 9, 59, tzinfo=UTC), zone=ZoneInfo("Pacific/Apia"), day_start=time(6))
@example(at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"), day_start=time(2, 30))
@example(at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"), day_start=time(2, 30))
@example(at=datetime(2026, 3, 29, 1, 0, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"), day_start=time(2, 30))
def test_every_instant_lies_in_the_window_of_its_production_day_alone(
    at: datetime, zone: ZoneInfo, day_start: time
) -> None:
    plant = PlantClock(zone, day_start)
    day = plant.production_day(at)
    around = [day + timedelta(days=offset) for offset in range(-2, 3)]
    assert [d for d in around if plant.window(d)[0] <= at < plant.window(d)[1]] == [day]


@given(day=st.dates(date(2005, 1, 1), date(2045, 12, 30)), zone=zones, day_start=wall_times)
def test_windows_tile_time(day: date, zone: ZoneInfo, day_start: time) -> None:
    plant = PlantClock(zone, day_start)
    start, end = plant.window(day)
    assert end == plant.window(day + timedelta(days=1))[0]
    assert start <= end
    assert start.tzinfo is end.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 23),
        ("Europe/Berlin", date(2026, 10, 24), 25),
        ("America/New_York", date(2026, 3, 7), 23),
        ("America/New_York", date(2026, 10, 31), 25),
        ("Australia/Lord_Howe", date(2026, 4, 4), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 3), 23.5),
        ("Asia/Kolkata", date(2026, 3, 28), 24),
    ],
)
def test_a_day_of_a_clock_change_is_as_long_as_it_really_was(zone: str, day: date, hours: float) -> None:
    start, end = clock(zone).window(day)
    assert end - start == timedelta(hours=hours)
    assert [t.astimezone(ZoneInfo(zone)).time() for t in (start, end)] == [time(6), time(6)]


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-20T05:59:59.999999", date(2026, 11, 19)),
        ("2026-11-20T06:00", date(2026, 11, 20)),
        ("2026-11-20T23:59", date(2026, 11, 20)),
        ("2026-11-21T02:00", date(2026, 11, 20)),
    ],
    ids=["just before the start", "at the start", "late evening", "night shift"],
)
def test_a_night_shift_belongs_to_the_day_it_began(local: str, day: date) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Kolkata"))
    assert clock("Asia/Kolkata").production_day(at) == day
    assert clock("Asia/Kolkata").production_day(at.astimezone(UTC)) == day


def test_a_day_start_that_the_clock_jumps_over_is_the_jump() -> None:
    """02:30 does not exist on 29 March 2026 in Berlin: comparing wall times would begin the day at 03:30, late."""
    berlin = clock("Europe/Berlin", time(2, 30))
    start = berlin.window(date(2026, 3, 29))[0]
    assert start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert berlin.production_day(start - timedelta(seconds=1)) == date(2026, 3, 28)
    assert berlin.production_day(start) == date(2026, 3, 29)


def test_a_day_start_that_comes_twice_is_the_first_of_both() -> None:
    berlin = clock("Europe/Berlin", time(2, 30))
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert berlin.window(date(2026, 10, 25))[0] == first
    assert {berlin.production_day(t) for t in (first, second - timedelta(minutes=20), second)} == {date(2026, 10, 25)}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2026-11-20T10:00:00 has no zone"):
        clock("Asia/Kolkata").production_day(datetime.fromisoformat("2026-11-20T10:00:00"))


def test_sessions_follow_each_other_by_the_hour() -> None:
    plant = clock("Asia/Kolkata")
    windows = [plant.session_window(date(2026, 11, 20), session) for session in range(1, 13)]
    assert windows[0][0] == datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    assert windows[-1][1] == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert all(before[1] == after[0] for before, after in pairwise(windows))


@pytest.mark.parametrize("session", [0, 13, -1])
def test_there_are_twelve_sessions(session: int) -> None:
    with pytest.raises(ValueError, match="sessions 1 to 12"):
        clock("Asia/Kolkata").session_window(date(2026, 11, 20), session)


def test_working_days_leave_out_rest_days_and_holidays() -> None:
    plant = clock("Asia/Kolkata", holidays=frozenset({date(2026, 11, 24)}))
    assert plant.working_days(date(2026, 11, 20), date(2026, 11, 25)) == [
        date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23), date(2026, 11, 25),
    ]  # fmt: skip
    assert plant.next_working_days(date(2026, 11, 21), 2) == [date(2026, 11, 23), date(2026, 11, 25)]
    assert plant.working_days(date(2026, 11, 25), date(2026, 11, 20)) == []
    assert plant.next_working_days(date(2026, 11, 21), 0) == []


@given(
    after=st.dates(date(2005, 1, 1), date(2045, 1, 1)),
    count=st.integers(1, 20),
    rest=st.frozensets(st.integers(0, 6), max_size=6),
)
def test_the_next_working_days_are_the_working_days_that_follow(after: date, count: int, rest: frozenset[int]) -> None:
    plant = clock("UTC", rest_weekdays=rest)
    days = plant.next_working_days(after, count)
    assert len(days) == count
    assert days == plant.working_days(after + timedelta(days=1), days[-1])


def test_a_calendar_without_working_days_says_which_setting_is_wrong() -> None:
    never = clock("UTC", rest_weekdays=frozenset(range(7)))
    with pytest.raises(ValueError, match="FACTORY_PLANT__REST_WEEKDAYS"):
        never.next_working_days(date(2026, 11, 20), 1)


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Asia/Kolkata", date(2025, 9, 1), [60] * 24),
        ("America/New_York", date(2025, 3, 9), [60] * 23),
        ("America/New_York", date(2025, 11, 2), [60] * 25),
        ("Australia/Lord_Howe", date(2025, 10, 5), [60, 60, 30] + [60] * 21),  # at two it is half past two
        ("Australia/Lord_Howe", date(2025, 4, 6), [60, 60, 30] + [60] * 22),  # at two it is half past one again
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(zone: str, day: date, minutes: list[int]) -> None:
    clock = PlantClock(zone=ZoneInfo(zone), day_start=time(0))
    first, last = clock.window(day)
    hours = list(clock.hours(first, last))
    assert [(end - start) / timedelta(minutes=1) for start, end in hours] == minutes
    assert (hours[0][0], hours[-1][1]) == (first, last)
    assert all(before[1] == after[0] for before, after in pairwise(hours))


def test_any_instant_lies_in_one_hour() -> None:
    clock = PlantClock(zone=ZoneInfo("Asia/Kolkata"))
    at = datetime(2025, 9, 1, 4, 29, 59, 999_999, tzinfo=UTC)  # just before ten
    start = datetime(2025, 9, 1, 3, 30, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert list(clock.hours(at, at + timedelta(microseconds=1))) == [(start, start + hour)]
    assert list(clock.hours(at, at + timedelta(microseconds=2))) == [
        (start, start + hour),
        (start + hour, start + 2 * hour),
    ]
