"""Dead and failing sensors and schedules."""

from datetime import UTC, datetime, timedelta

import pytest

from factory_pipelines.operations.ticking import Instigator, overdue_instigators

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def sensor(last_tick_ago: timedelta | None, **more: object) -> Instigator:
    last = None if last_tick_ago is None else NOW - last_tick_ago
    due = None if last is None else last + 30 * SECOND
    return Instigator("a_sensor", "sensor", 30 * SECOND, last, due, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ago", "dead"),
    [(SECOND, False), (5 * MINUTE, False), (5 * MINUTE + 31 * SECOND, True), (timedelta(days=3), True)],
    ids=str,
)
def test_a_sensor_is_dead_when_late_by_more_than_five_minutes(ago: timedelta, *, dead: bool) -> None:
    assert bool(overdue_instigators([sensor(ago)], NOW)) is dead


@pytest.mark.parametrize(
    ("interval", "tolerance"),
    [
        (30 * SECOND, 5 * MINUTE),
        (2 * MINUTE, 10 * MINUTE),
        (10 * MINUTE, 30 * MINUTE),
        (timedelta(days=1), 30 * MINUTE),
    ],
    ids=str,
)
def test_tolerance_is_some_intervals_within_bounds(interval: timedelta, tolerance: timedelta) -> None:
    assert Instigator("x", "schedule", interval, None, None).tolerance == tolerance


def test_a_daily_schedule_is_missed_half_an_hour_after_its_time() -> None:
    daily = timedelta(days=1)
    on_time = Instigator("nightly", "schedule", daily, NOW - 20 * timedelta(hours=1), NOW + 4 * timedelta(hours=1))
    missed = Instigator("nightly", "schedule", daily, NOW - timedelta(hours=25), NOW - timedelta(hours=1))
    assert overdue_instigators([on_time], NOW) == []
    [condition] = overdue_instigators([missed], NOW)
    assert condition.title == "Schedule nightly does not tick"
    assert "60 minutes late" in condition.body


def test_nothing_is_dead_that_could_not_have_ticked() -> None:
    overnight = sensor(timedelta(hours=10))
    assert overdue_instigators([overnight], NOW, awake_since=NOW - MINUTE) == []
    assert len(overdue_instigators([overnight], NOW, awake_since=NOW - 10 * MINUTE)) == 1


def test_what_has_never_ticked_is_told_after_patience() -> None:
    [condition] = overdue_instigators([sensor(None)], NOW)
    assert condition.patience == 5 * MINUTE + 30 * SECOND
    assert "never" in condition.body


@pytest.mark.parametrize(("failures", "failing"), [(0, False), (2, False), (3, True)])
def test_some_failures_in_a_row_are_an_incident(failures: int, *, failing: bool) -> None:
    found = overdue_instigators([sensor(SECOND, failures=failures, error="no such table")], NOW)
    assert bool(found) is failing
    assert all("no such table" in condition.body for condition in found)


def test_a_rare_schedule_is_reported_at_its_first_failure() -> None:
    daily = timedelta(days=1)
    failed = Instigator("nightly", "schedule", daily, NOW, NOW + daily, failures=1, error="boom")
    assert [c.title for c in overdue_instigators([failed], NOW)] == ["Schedule nightly keeps failing"]
