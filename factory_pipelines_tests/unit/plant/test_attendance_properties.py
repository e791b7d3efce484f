"""What holds for every roster: minutes are conserved, every punch has one place, order means nothing.

``ATTENDANCE_ROSTERS`` sets how many random rosters are tried; ``benchmarks/attendance.py`` tries 10,000.
"""

import os
import random
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

import pytest

from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.plant.overtime import OvertimeRule, measure, settle_week
from factory_pipelines.plant.punches import Direction, Punch, Reading, read_punches
from factory_pipelines.plant.shifts import Break, PlannedShift, Rotation, ShiftCalendar, ShiftError, ShiftPattern
from factory_pipelines_tests.attendance_cases import assert_conserved

ROSTERS = int(os.environ.get("ATTENDANCE_ROSTERS", "400"))

# Zone and a day near which its clock changes (Kolkata and Kathmandu have none).
ZONES = [
    ("Asia/Kolkata", date(2025, 9, 10)),
    ("Asia/Kathmandu", date(2025, 9, 10)),
    ("Europe/Berlin", date(2025, 3, 30)),
    ("Europe/Berlin", date(2025, 10, 26)),
    ("America/New_York", date(2025, 3, 9)),
    ("America/New_York", date(2025, 11, 2)),
    ("Australia/Lord_Howe", date(2025, 4, 6)),
    ("Africa/Casablanca", date(2025, 2, 23)),
    ("America/Santiago", date(2025, 9, 7)),
    ("Australia/Sydney", date(2025, 10, 5)),
]


def random_pattern(rng: random.Random, number: int) -> ShiftPattern:
    start = rng.randrange(0, 24 * 4) * 15
    spans = [(start, start + rng.choice((240, 360, 480, 510)))]
    if rng.random() < 0.25:
        begin = spans[0][1] + rng.choice((30, 120, 180))
        spans.append((begin, begin + 180))
    breaks = [Break(rng.choice((15, 30)), _wall(spans[0][0] + 120), is_paid=rng.random() < 0.4)]
    if rng.random() < 0.5:
        breaks.append(Break(30, after_minutes=300))
    return ShiftPattern(
        f"shift {number}",
        tuple((_wall(a), _wall(b)) for a, b in spans),
        grace_in_min=rng.choice((0, 5, 15)),
        window_before_min=rng.choice((60, 240, 480)),
        window_after_min=rng.choice((60, 360, 600)),
        breaks=tuple(breaks) if rng.random() < 0.7 else (),
        required_min=240 if rng.random() < 0.1 else None,
    )


def _wall(minutes: int) -> wall_time:
    return wall_time(minutes // 60 % 24, minutes % 60)


def random_roster(seed: int) -> tuple[list[PlannedShift], list[Punch]]:
    rng = random.Random(seed)  # noqa: S311 - a test that can be repeated
    zone, around = ZONES[seed % len(ZONES)]
    calendar = ShiftCalendar(PlantClock(ZoneInfo(zone)))
    patterns = [random_pattern(rng, n) for n in range(rng.choice((1, 1, 2, 3)))]
    rotation = Rotation(around - timedelta(days=3), (*patterns, *[None] * rng.choice((0, 1))))
    days = [around + timedelta(days=n) for n in range(-3, 4)]
    shifts = [calendar.plan(pattern, day) for day in days if (pattern := rotation.on(day)) is not None]
    return shifts, _punches(rng, shifts)


def _punches(rng: random.Random, shifts: list[PlannedShift]) -> list[Punch]:
    times: list[tuple[datetime, Direction | None]] = []
    for shift in shifts:
        came = shift.start + timedelta(seconds=rng.randrange(-1800, 1800))
        left = shift.end + timedelta(seconds=rng.randrange(-3600, 5400))
        walk = [came, left]
        if rng.random() < 0.4:
            pause = came + timedelta(minutes=rng.randrange(90, 150))
            walk[1:1] = [pause, pause + timedelta(seconds=rng.randrange(200, 3000))]
        for number, at in enumerate(walk):
            if rng.random() < 0.06:
                continue  # forgotten
            direction = None if rng.random() < 0.2 else (Direction.IN, Direction.OUT)[number % 2]
            times.append((at, direction))
            if rng.random() < 0.08:
                times.append((at + timedelta(seconds=rng.randrange(0, 120)), direction))
    times.append((shifts[0].start - timedelta(days=rng.randrange(0, 9)), None))
    return [Punch(at, direction, f"p{number:04}") for number, (at, direction) in enumerate(times)]


def tables(reading: Reading) -> tuple[object, ...]:
    return (
        [(s.planned.start, s.roles, s.sessions, s.open_since) for s in reading.shifts],
        reading.exceptions,
    )


@pytest.mark.parametrize("block", range(4))
def test_every_punch_has_one_place_and_every_minute_one_bin(block: int) -> None:
    rule = OvertimeRule(before_after_min=15, daily_after_min=450, weekly_after_min=2000, daily_cap_min=90)
    for seed in range(block, ROSTERS, 4):
        shifts, punches = random_roster(seed)
        reading = read_punches(punches, shifts)
        placed = [p for s in reading.shifts for p, _ in s.roles] + [p for p, _ in reading.exceptions]
        assert sorted(placed, key=lambda p: p.key) == sorted(punches, key=lambda p: p.key), seed
        for shift in reading.shifts:
            assert all(shift.planned.window_start <= p.at <= shift.planned.window_end for p, _ in shift.roles), seed
            assert shift.sessions == sorted(shift.sessions), seed
            assert all(a < b for a, b in shift.sessions), seed
            presence = sum((b - a for a, b in shift.sessions), timedelta())
            assert measure(shift, rule).presence == presence / timedelta(seconds=1), seed
        for minutes in settle_week([(s.planned.day_type, measure(s, rule)) for s in reading.shifts], rule):
            assert_conserved(minutes)


def test_order_means_nothing() -> None:
    for seed in range(0, ROSTERS, 4):
        shifts, punches = random_roster(seed)
        wanted = tables(read_punches(punches, shifts))
        for order in range(3):
            rng = random.Random(order)  # noqa: S311
            assert tables(read_punches(rng.sample(punches, len(punches)), rng.sample(shifts, len(shifts)))) == wanted


def test_a_doubled_event_changes_no_minute() -> None:
    for seed in range(0, ROSTERS, 4):
        shifts, punches = random_roster(seed)
        doubled = punches + [p._replace(key=f"{p.key} again") for p in punches[::3]]
        once, twice = read_punches(punches, shifts), read_punches(doubled, shifts)
        assert [s.sessions for s in twice.shifts] == [s.sessions for s in once.shifts], seed


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ((), "no segments"),
        (((wall_time(8), wall_time(7)), (wall_time(9), wall_time(10))), "24 hours"),
    ],
)
def test_a_pattern_that_cannot_be_worked_is_refused(segments: tuple, said: str) -> None:
    with pytest.raises(ShiftError, match=said):
        ShiftPattern("impossible", segments)


def test_negative_grace_is_refused() -> None:
    with pytest.raises(ShiftError, match="negative"):
        ShiftPattern("impossible", ((wall_time(8), wall_time(9)),), grace_in_min=-1)


def test_a_punch_without_presence_is_counted_in_no_bin() -> None:
    calendar = ShiftCalendar(PlantClock(ZoneInfo("UTC")))
    shift = calendar.plan(ShiftPattern("day", ((wall_time(8), wall_time(17)),)), date(2025, 9, 10))
    reading = read_punches([Punch(datetime(2025, 9, 10, 8, tzinfo=UTC), Direction.IN, "1")], [shift])
    assert measure(reading.shifts[0], OvertimeRule()).presence == 0
    assert reading.shifts[0].open_since is not None
