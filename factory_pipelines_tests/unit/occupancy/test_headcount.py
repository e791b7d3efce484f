"""Doors and badges together: fusion, corrections, silence, and that order has no meaning."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory_pipelines.occupancy.cameras import CameraCount
from factory_pipelines.occupancy.doors import Count
from factory_pipelines.occupancy.headcount import Area, Reason, Status, fuse
from factory_pipelines_tests.unit.occupancy.plant import HALL, SILENCE, alive, at, crossing, headcount, punch, shift

CREW = [f"E{n}" for n in range(20)]
PLANS = [shift(who) for who in CREW]
EMPTY = (at(6), Count(0.0, 0.3))


def morning(*, seen: int = 20, punched: int = 20):
    """Twenty people are due; so many are seen at the door, so many punch in."""
    events = [punch(who, at(7, 50, n)) for n, who in enumerate(CREW[:punched])]
    events += [crossing(at(7, 50, 30 + n), key=f"c{n}") for n in range(seen)]
    return [*alive(at(6), at(12)), *events]


def test_two_witnesses_are_weighed_by_what_they_know() -> None:
    assert fuse(Count(10.0, 1.0), Count(20.0, 3.0)) == pytest.approx((11.0, 0.9**0.5))
    assert fuse(None, Count(20.0, 3.0)) == (20.0, 3.0)
    assert fuse(Count(-3.0, 1.0), None) == (0.0, 1.0)
    assert fuse(None, None) is None


def test_what_a_door_missed_the_badges_know() -> None:
    one = headcount(morning(seen=19), PLANS, anchor=EMPTY).estimates(at(9))["hall"]
    assert one.status is Status.KNOWN
    assert one.doors is not None
    assert one.doors.people == pytest.approx(19 * 1.02)
    assert one.people is not None
    assert one.doors.people < one.people < 20
    assert one.interval is not None
    assert one.interval[0] < 20 < one.interval[1]


def test_who_forgot_the_badge_the_door_knows() -> None:
    one = headcount(morning(punched=17), PLANS, anchor=EMPTY).estimates(at(9))["hall"]
    assert one.with_badge < 18
    assert one.people is not None
    assert 18.5 < one.people < 21


def test_visitors_have_no_badge_and_are_counted_all_the_same() -> None:
    events = [*morning(), *(crossing(at(8, 30, n), key=f"v{n}") for n in range(6))]
    one = headcount(events, PLANS, anchor=EMPTY).estimates(at(9))["hall"]
    assert one.people is not None
    assert one.people > 23


def test_a_silent_door_leaves_badges_and_says_so() -> None:
    events = [event for event in morning() if getattr(event, "door_id", None) != "back" or event.at < at(9)]
    one = headcount(events, PLANS, anchor=EMPTY).estimates(at(10))["hall"]
    assert (one.status, one.silent, one.doors) == (Status.DEGRADED, ("back",), None)
    assert one.people == pytest.approx(20, abs=0.5)


def test_without_badges_a_silent_door_is_unknown_never_zero() -> None:
    bare = Area("hall", HALL.doors, has_badges=False)
    counted = headcount(morning(), areas=(bare,), anchor=EMPTY)
    known, unknown = counted.estimates(at(12))["hall"], counted.estimates(at(13))["hall"]
    assert (known.status, known.people) == (Status.KNOWN, pytest.approx(20.4))
    assert (unknown.status, unknown.people, unknown.interval) == (Status.UNKNOWN, None, None)


def test_cameras_count_where_there_are_no_doors() -> None:
    yard = Area("yard", {}, {"cam": SILENCE}, has_badges=False)
    counted = headcount([CameraCount(at(9), "cam", 7, "a"), CameraCount(at(9, 5), "cam", 8, "b")], areas=(yard,))
    assert counted.estimates(at(9, 20))["yard"].people == 8
    assert counted.estimates(at(9, 26))["yard"].status is Status.UNKNOWN
    counted.take(CameraCount(at(10), "cam", None, "alive"))
    assert counted.estimates(at(10))["yard"].people is None  # alive again, and has not counted since


def test_at_night_an_area_is_emptied_where_nobody_is_expected() -> None:
    events = [*morning(), *(punch(who, at(17, 5), "out") for who in CREW)]
    events += [crossing(at(17, 6, n), "out", key=f"o{n}") for n in range(17)]  # three leavers were missed
    counted = headcount([*events, *alive(at(12, 10), at(3, day=10))], PLANS, anchor=EMPTY)
    done = counted.reconcile("hall", at(3, day=10))
    assert done is not None
    assert (done.reason, done.after.people) == (Reason.NOBODY_EXPECTED, 0.0)
    assert done.before is not None
    assert done.before.people == pytest.approx(20 * 1.02 - 17 * 1.02)
    assert done.evidence["seen_since"] == [["front", "in", 20], ["front", "out", 17]]
    assert counted.estimates(at(3, 1, day=10))["hall"].people == pytest.approx(0, abs=0.05)


def test_at_night_a_crew_that_works_is_never_emptied() -> None:
    plans = [shift(who, 22, 6) for who in CREW]
    events = [punch(who, at(21, 50, n)) for n, who in enumerate(CREW)]
    events += [crossing(at(21, 50, 30 + n), key=f"c{n}") for n in range(18)]
    counted = headcount([*events, *alive(at(6), at(3, day=10))], plans, anchor=EMPTY)
    done = counted.reconcile("hall", at(3, day=10))
    assert done is not None
    assert done.reason is Reason.RECONCILED
    assert done.after.people == pytest.approx(20, abs=1)


def test_who_came_at_night_without_a_badge_is_not_forgotten() -> None:
    events = [*alive(at(6), at(3, day=10)), crossing(at(2, day=10), key="burglar")]
    done = headcount(events, PLANS, anchor=EMPTY).reconcile("hall", at(3, day=10))
    assert done is not None
    assert done.reason is Reason.RECONCILED
    assert done.after.people > 0.5


def test_doors_that_come_back_count_on_from_the_badges() -> None:
    silence = [event for event in morning() if event.at < at(8) or getattr(event, "door_id", "front") == "back"]
    counted = headcount([*silence, crossing(at(11), "out", key="late")], PLANS, anchor=EMPTY)
    (done,) = counted.corrections
    assert (done.reason, done.at, done.before) == (Reason.DOOR_RETURNED, at(11), None)
    assert done.after.people == pytest.approx(20, abs=0.5)
    assert counted.estimates(at(11, 10))["hall"].status is Status.KNOWN


def test_the_first_night_begins_the_count() -> None:
    counted = headcount(alive(at(6), at(3, day=10)), PLANS)
    assert counted.estimates(at(12))["hall"].doors is None
    done = counted.reconcile("hall", at(3, day=10))
    assert done is not None
    assert done.reason is Reason.FIRST_ANCHOR


def test_where_no_terminal_leads_nothing_is_reset_while_somebody_is_in_the_plant() -> None:
    bare = Area("hall", HALL.doors, has_badges=False)
    working = [punch("watch", at(21, 55), area=None)]
    plans = [shift("watch", 22, 6)]
    life = alive(at(6), at(3, day=10))
    assert headcount([*life, *working], plans, areas=(bare,), anchor=EMPTY).reconcile("hall", at(3, day=10)) is None
    alone = headcount(life, areas=(bare,), anchor=EMPTY).reconcile("hall", at(3, day=10))
    assert alone is not None
    assert alone.reason is Reason.NOBODY_EXPECTED


def test_a_terminal_that_is_offline_does_not_empty_the_hall() -> None:
    one = headcount(morning(punched=0), PLANS, anchor=EMPTY).estimates(at(10))["hall"]
    assert one.badges is not None
    assert one.badges.sd > 5  # one cause for all twenty
    assert one.people == pytest.approx(20.4, abs=1)


def test_badges_that_contradict_the_doors_are_doubted() -> None:
    gone = [crossing(at(9), "out", 18, key="all")]  # and no terminal has told of it yet
    one = headcount([*morning(), *gone], PLANS, anchor=EMPTY).estimates(at(10))["hall"]
    assert one.with_badge == pytest.approx(20, abs=0.1)
    assert one.people is not None
    assert one.people < 5


def test_events_of_a_source_that_is_not_known_here_change_nothing() -> None:
    other = crossing(at(9), door="elsewhere")
    assert headcount([*morning(), other], PLANS, anchor=EMPTY).estimates(at(12)) == headcount(
        morning(), PLANS, anchor=EMPTY
    ).estimates(at(12))


@given(seed=st.integers(0, 2**32), lost=st.floats(0, 0.5))
@settings(max_examples=40, deadline=None)
def test_order_has_no_meaning_and_nothing_is_ever_negative(seed: int, lost: float) -> None:
    rng = random.Random(seed)  # noqa: S311
    events = [*alive(at(6), at(12))]
    for n in range(60):
        when = at(7) + timedelta(seconds=rng.randrange(4 * 3600))
        if rng.random() < 0.5:
            direction = rng.choice(["in", "out", None])
            events.append(punch(rng.choice(CREW), when, direction))
        elif rng.random() > lost:
            way, door = rng.choice(["in", "out"]), rng.choice(["front", "back"])
            events.append(crossing(when, way, rng.randrange(1, 4), door, key=f"c{n}"))
    once = headcount(events, PLANS, anchor=EMPTY)
    rng.shuffle(events)
    again = headcount(events, PLANS, anchor=EMPTY)
    for minute in (0, 30, 60):
        one = once.estimates(at(11) + timedelta(minutes=minute))
        assert one == again.estimates(at(11) + timedelta(minutes=minute))
        people, interval = one["hall"].people, one["hall"].interval
        assert people is not None
        assert interval is not None
        assert 0 <= interval[0] <= people <= interval[1]
