"""What days teach: what doors miss, how people come and forget, who has no badge."""

import random
from datetime import timedelta

import pytest

from factory_pipelines.occupancy.doors import DoorRate
from factory_pipelines.occupancy.habits import HabitCounts, Habits
from factory_pipelines.occupancy.knowledge import Knowledge
from factory_pipelines.occupancy.learning import (
    DoorDay,
    DriftDay,
    count_habits,
    drift_of,
    learn_rates,
    pair_punches,
    without_echoes,
)
from factory_pipelines.occupancy.strangers import PRIOR_SD, PRIOR_SHARE, Difference, SlotMeans, Strangers
from factory_pipelines_tests.unit.occupancy.plant import CLOCK, at, crossing, punch, shift

FRONT = {"T1": "front"}


def test_a_punch_without_a_crossing_beside_it_is_a_person_the_door_missed() -> None:
    punches = [punch("A", at(8)), punch("B", at(9)), punch("C", at(10), "out"), punch("D", at(11), None)]
    crossings = [crossing(at(8, 0, 12)), crossing(at(10, 0, 5), "out"), crossing(at(11, 0, 5))]
    assert pair_punches(crossings, punches, FRONT) == [DoorDay("front", "in", 2, 1), DoorDay("front", "out", 1, 1)]


def test_punches_in_a_crowd_and_at_terminals_without_a_door_prove_nothing() -> None:
    crowd = [punch("A", at(8)), punch("B", at(8, 0, 20))]
    assert pair_punches([], crowd, FRONT) == []
    assert pair_punches([], [punch("A", at(8))], {}) == []


def test_an_echo_is_no_punch_of_its_own() -> None:
    assert without_echoes([punch("A", at(8, 2)), punch("A", at(8)), punch("B", at(8, 1))]) == [
        punch("A", at(8)),
        punch("B", at(8, 1)),
    ]


def test_misses_are_learned_from_days_that_do_not_balance() -> None:
    rng = random.Random(5)  # noqa: S311
    pairs, drifts = [], []
    for _ in range(40):  # 500 people come and go; one per cent is missed coming, four per cent leaving
        came = sum(rng.random() > 0.01 for _ in range(500))
        went = sum(rng.random() > 0.04 for _ in range(500))
        drifts.append(DriftDay("hall", {("front", "in"): came, ("front", "out"): went}, -(came - went), 1.0))
        pairs.append(DoorDay("front", "in", 20, sum(rng.random() > 0.01 for _ in range(20))))
        pairs.append(DoorDay("front", "out", 20, sum(rng.random() > 0.04 for _ in range(20))))
    rates = learn_rates(pairs, drifts)
    came, went = rates["front", "in"], rates["front", "out"]
    assert went.extra - came.extra == pytest.approx(0.04 / 0.96 - 0.01 / 0.99, abs=0.004)
    assert came.extra == pytest.approx(0.0101, abs=0.01)
    assert came.sd < 0.01


def test_nothing_observed_leaves_what_was_assumed() -> None:
    assert learn_rates([], []) == {}
    assert learn_rates([DoorDay("front", "in", 100, 10)], []) == {("front", "in"): DoorRate()}  # it stands elsewhere


def test_the_drift_of_a_night_is_read_from_its_correction() -> None:
    evidence = {
        "counted_from": {"people": 5.0, "sd": 2.0},
        "seen_since": [["front", "in", 10], ["front", "out", 8]],
        "expected_with_badge": 6.0,
    }
    seen = {("front", "in"): 10, ("front", "out"): 8}
    assert drift_of("hall", "reconciled", evidence) == DriftDay("hall", seen, -1.0, 5.0)
    assert drift_of("hall", "manual", {"counted_by": "guard"}) is None
    assert drift_of("hall", "reconciled", {**evidence, "counted_from": None}) is None


def test_habits_are_counted_shift_by_shift() -> None:
    plans = [shift(who) for who in "ABCDE"]
    punches = [
        *(punch("A", at(7, 50)), punch("A", at(17, 7), "out")),
        punch("B", at(7, 50)),
        punch("C", at(17, 2), "out"),
        punch("D", at(8), None),
    ]
    counts = count_habits(punches, plans)
    assert (counts.visits, counts.without_in, counts.without_out) == (3, 1, 1)
    assert (counts.expected, counts.absent) == (5, 1)
    assert [n for n, count in enumerate(counts.departures) if count] == [12, 13]
    assert HabitCounts.from_json({**counts_json(counts)}) == counts
    doubled = counts + counts
    assert (doubled.visits, sum(doubled.arrivals)) == (6, 4)


def counts_json(counts: HabitCounts) -> dict[str, object]:
    listed = {"arrivals": list(counts.arrivals), "departures": list(counts.departures)}
    names = ("visits", "without_in", "without_out", "expected", "absent")
    return {**{name: getattr(counts, name) for name in names}, **listed}


def test_habits_grow_from_what_is_assumed_to_what_is_seen() -> None:
    assert HabitCounts().habits().forget_in == pytest.approx(Habits().forget_in)
    seen = HabitCounts(visits=10_000, without_in=500, expected=10_000, absent=1_000).habits()
    assert seen.forget_in == pytest.approx(0.05, abs=0.001)
    assert seen.absence == pytest.approx(0.1, abs=0.001)


def test_people_come_around_the_start_and_go_after_the_end() -> None:
    habits = Habits()
    assert habits.arrived(timedelta(hours=-2)) == 0.0
    assert 0.5 < habits.arrived(timedelta()) < habits.arrived(timedelta(hours=1)) <= 1.0
    assert habits.still_in(timedelta()) == 1.0
    assert habits.still_in(timedelta(minutes=10)) == pytest.approx(0.368, abs=0.01)
    assert habits.still_in(timedelta(hours=4)) == 0.0


def test_who_has_no_badge_is_learned_by_area_and_half_hour() -> None:
    strangers = Strangers(CLOCK)
    assert strangers.expected("hall", at(10), 50.0) == (0.0, pytest.approx(PRIOR_SD + PRIOR_SHARE * 50))
    for day in range(8, 13):  # Monday to Friday: four contractors in the morning
        seen = [Difference("hall", at(10, minute, day=day), 4.0, 0.0) for minute in (0, 10, 20)]
        strangers.learn_day(strangers.summarise(seen))
    known = strangers.expected("hall", at(10, 15), 50.0)
    assert 2.5 < known.people < 4.0
    assert known.sd < 3.0
    assert strangers.expected("hall", at(11), 50.0).people == 0.0
    assert strangers.expected("hall", at(10, day=14), 50.0).people == 0.0  # Sunday
    assert strangers.expected("yard", at(10), 50.0).people == 0.0


def test_what_is_known_survives_being_stored() -> None:
    strangers = Strangers(CLOCK)
    strangers.learn_day([SlotMeans("hall", True, 20, 4.0, 15.0)])
    known = Knowledge(strangers, {("front", "in"): DoorRate(0.01, 0.002)}, Habits(forget_in=0.03), {"A": "hall"})
    assert Knowledge.from_json(known.as_json(), CLOCK) == known
    assert Knowledge.from_json(None, CLOCK) == Knowledge(Strangers(CLOCK))
