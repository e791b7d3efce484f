from datetime import UTC, date, datetime, timedelta

import pytest

from factory_pipelines.demo.factory import Factory
from factory_pipelines.demo.hindsight import Hearing, Replay, Spell, Told, pull_times, replay
from factory_pipelines.plant.clock import PlantClock
from factory_pipelines.settings import AlertSettings
from factory_pipelines_tests.unit.demo.conftest import WORKDAY

NOON = datetime(2025, 11, 19, 12, tzinfo=UTC)


def spell(minutes: int, *subjects: str) -> Spell:
    return Spell(WORKDAY, frozenset(subjects), NOON, NOON + timedelta(minutes=minutes))


@pytest.fixture(scope="module")
def quarter(clock: PlantClock) -> Factory:
    return Factory(seed=7, scale=0.25, clock=clock)


@pytest.fixture(scope="module")
def replayed(quarter: Factory) -> Replay:
    return replay(quarter, AlertSettings(), [WORKDAY])


def test_pulls_are_every_ten_minutes_of_the_sessions(quarter: Factory, clock: PlantClock) -> None:
    times = pull_times(quarter, WORKDAY)
    assert len(times) == 72
    assert times[0] - clock.session_window(WORKDAY, 1)[0] == timedelta(minutes=10)
    assert times[-1] == clock.session_window(WORKDAY, 12)[1]


def test_both_policies_see_the_same_pulls_and_digest_is_quieter(replayed: Replay) -> None:
    assert replayed.pulls == 72
    assert set(replayed.told) == {"seed", "digest"}
    assert 0 < replayed.told["digest"].messages < replayed.told["seed"].messages / 5


def test_every_long_breach_is_heard_of(replayed: Replay) -> None:
    long = [breach for breach in replayed.breaches if breach.is_long]
    assert len(long) > 5
    assert all(replayed.told["digest"].heard_at(breach) for breach in long)


def test_no_alert_is_about_somebody_plainly_above_the_mark(replayed: Replay) -> None:
    digest = replayed.told["digest"]
    assert digest.alerts >= digest.true_alerts > 0
    assert digest.wrong_alerts == 0


def test_breaches_are_runs_of_pulls(replayed: Replay, quarter: Factory) -> None:
    times = set(pull_times(quarter, WORKDAY))
    assert {breach.start for breach in replayed.breaches} <= times
    assert {breach.end for breach in replayed.breaches} <= times
    # One employee, one run at a time: two runs of the same person never touch.
    for breach in replayed.breaches:
        others = [other for other in replayed.breaches if other is not breach and other.subjects == breach.subjects]
        assert all(other.start > breach.end or other.end < breach.start for other in others)


def test_a_replay_of_nothing_tells_nothing(quarter: Factory) -> None:
    nothing = replay(quarter, AlertSettings(), [])
    assert (nothing.pulls, nothing.breaches, nothing.behind) == (0, [], [])
    assert nothing.told["seed"].messages == 0


def test_a_stricter_threshold_finds_fewer(quarter: Factory, replayed: Replay) -> None:
    strict = replay(quarter, AlertSettings(efficiency_threshold_pct=60.0), [WORKDAY])
    assert len(strict.behind) < len(replayed.behind)
    assert strict.told["seed"].messages < replayed.told["seed"].messages


@pytest.mark.parametrize(
    ("hearing", "heard"),
    [
        (Hearing("emp:1", NOON + timedelta(minutes=10), NOON + timedelta(minutes=50)), NOON + timedelta(minutes=10)),
        (Hearing("device:9", NOON, NOON), NOON),
        (Hearing("emp:1", NOON - timedelta(minutes=30), NOON + timedelta(minutes=1)), NOON),
        (Hearing("emp:1", NOON - timedelta(minutes=30), NOON - timedelta(minutes=1)), None),
        (Hearing("emp:1", NOON + timedelta(minutes=41), NOON + timedelta(minutes=50)), None),
        (Hearing("emp:2", NOON, NOON + timedelta(minutes=40)), None),
    ],
    ids=["during", "by device", "told before, still open", "over before", "too late", "somebody else"],
)
def test_who_heard_in_time(hearing: Hearing, heard: datetime | None) -> None:
    assert Told(hearings=[hearing]).heard_at(spell(40, "emp:1", "device:9")) == heard


@pytest.mark.parametrize(("minutes", "is_long"), [(0, False), (29, False), (30, True), (200, True)])
def test_long_is_thirty_minutes(minutes: int, *, is_long: bool) -> None:
    assert spell(minutes, "emp:1").is_long is is_long


def test_a_rest_day_cannot_be_replayed(quarter: Factory) -> None:
    with pytest.raises(ValueError, match="rests on 2025-11-16"):
        replay(quarter, AlertSettings(), [date(2025, 11, 16)])
