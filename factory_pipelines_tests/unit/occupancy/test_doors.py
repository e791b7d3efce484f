"""The doors' witness: what was seen, what was missed, and when it says nothing."""

from datetime import timedelta

import pytest

from factory_pipelines.occupancy.doors import Count, DoorBalance, DoorRate
from factory_pipelines_tests.unit.occupancy.plant import HALL, alive, at, crossing

EXACT = {(door, way): DoorRate(0.0, 0.0) for door in HALL.doors for way in ("in", "out")}
NOBODY = Count(0.0, 0.0)


def balance(rates=EXACT, people: Count = NOBODY) -> DoorBalance:
    found = DoorBalance(HALL.doors, rates)
    for beat in alive(at(6), at(6)):
        found.take(beat)
    found.anchor(at(6), people)
    return found


def test_people_seen_are_counted_in_and_out() -> None:
    doors = balance()
    doors.take(crossing(at(6, 5), "in", 3))
    doors.take(crossing(at(6, 10), "out", 1, "back"))
    assert doors.read(at(6, 12)) == Count(2.0, 0.0)


def test_a_door_that_misses_leavers_is_corrected_and_less_sure() -> None:
    rates = {**EXACT, ("front", "out"): DoorRate(0.05, 0.01)}
    doors = balance(rates, Count(100.0, 0.0))
    doors.take(crossing(at(6, 5), "out", 40))
    read = doors.read(at(6, 6))
    assert read is not None
    assert read.people == pytest.approx(100 - 40 * 1.05)
    assert read.sd == pytest.approx((40 * 0.05 * 1.05 + (40 * 0.01) ** 2) ** 0.5)


def test_it_is_never_negative_and_says_how_much_it_was_lifted() -> None:
    doors = balance()
    doors.take(crossing(at(6, 5), "out", 2))
    doors.take(crossing(at(6, 6), "in", 1))
    assert (doors.read(at(6, 7)), doors.lifted) == (Count(1.0, 0.0), 2.0)


def test_a_silent_door_makes_the_area_unknown_never_zero() -> None:
    doors = balance(people=Count(5.0, 0.0))
    assert doors.read(at(6, 20)) == Count(5.0, 0.0)
    assert doors.read(at(6, 21)) is None
    assert doors.silent(at(6, 21)) == ["back", "front"]


def test_a_balance_is_lost_over_a_silence_until_it_is_anchored_again() -> None:
    doors = balance(people=Count(5.0, 0.0))
    assert not doors.take(crossing(at(6, 15), door="back"))
    assert doors.take(crossing(at(6, 30), door="front"))
    doors.take(crossing(at(6, 31), door="back"))
    assert doors.silent(at(6, 31)) == []
    assert doors.read(at(6, 31)) is None
    doors.anchor(at(6, 32), Count(7.0, 1.0))
    assert doors.read(at(6, 32)) == Count(7.0, 1.0)


def test_signs_of_life_need_not_be_told_one_by_one() -> None:
    doors = balance()
    for door in HALL.doors:
        doors.take(crossing(at(6, 5), door=door)._replace(alive_until=at(9)))
    assert doors.read(at(9, 20)) == Count(2.0, 0.0)
    assert doors.read(at(9, 21)) is None
    assert not doors.take(crossing(at(9, 15), door="front"))


def test_without_an_anchor_nothing_is_known() -> None:
    doors = DoorBalance(HALL.doors, EXACT)
    for beat in alive(at(6), at(6)):
        doors.take(beat)
    doors.take(crossing(at(6, 1)))
    assert doors.read(at(6, 2)) is None


def test_who_came_in_the_last_two_hours_is_remembered() -> None:
    doors = balance()
    doors.take(crossing(at(6, 5), "in", 2))
    doors.take(crossing(at(7, 5), "out", 1))
    assert (doors.came_lately(at(8)), doors.came_lately(at(8) + timedelta(minutes=6))) == (1, -1)
