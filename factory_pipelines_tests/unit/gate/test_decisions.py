"""Lists and decisions: precedence, warnings that never open, and how rarely a stranger gets in."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.decisions import GateRules, ReadError, RecentVehicles, Sighting, decide
from factory_pipelines.gate.grammar import LETTERS_OF_DIGIT, grammar_for
from factory_pipelines.gate.lists import ListEntry, ListKind, PlateIndex, skeleton
from factory_pipelines_tests.unit.gate.vehicles import LETTERS, any_plate, misread, seeded

NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
RULES = GateRules(grammar_for("IN"))
HOUR = timedelta(hours=1)


def entry(
    plate: str, kind: ListKind = "authorized", since: timedelta = -HOUR, until: timedelta | None = None
) -> ListEntry:
    end = None if until is None else NOW + until
    return ListEntry(abs(hash((plate, kind))) % 10**9, plate, kind, "reason", "officer", NOW + since, end)


def at_gate(text: str, confidence: float = 0.95) -> Sighting:
    return Sighting([Read(text, confidence)], NOW)


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([], "UNKNOWN"),
        ([entry("KA01AB1234")], "AUTHORIZED"),
        ([entry("KA01AB1234", "temporary", until=HOUR)], "AUTHORIZED"),
        ([entry("KA01AB1234", "temporary", until=timedelta())], "UNKNOWN"),
        ([entry("KA01AB1234", since=HOUR)], "UNKNOWN"),
        ([entry("KA01AB1234"), entry("KA01AB1234", "blocked")], "BLOCKED"),
        ([entry("KA01AB1234"), entry("KA01AB1234", "blocked", until=timedelta())], "AUTHORIZED"),
    ],
)
def test_what_the_lists_say(entries: list[ListEntry], status: str) -> None:
    decision = decide(at_gate("KA01AB1234"), RULES, PlateIndex(entries))
    assert (decision.status, decision.opens) == (status, status == "AUTHORIZED")
    assert (decision.alert_message is not None) == (status == "BLOCKED")


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.booleans())
def test_a_resemblance_never_opens(seed: int, blocked: bool) -> None:
    """One character changed, lost or added to a listed plate: whatever is read, it opens for an exact plate alone."""
    rng = seeded(seed)
    listed = any_plate(rng)
    index = PlateIndex([entry(listed, "blocked" if blocked else "authorized")])
    place = rng.randrange(len(listed))
    for near in (
        listed[:place] + rng.choice(LETTERS + "0123456789") + listed[place + 1 :],
        listed[:place] + listed[place + 1 :],
        listed[:place] + rng.choice(LETTERS + "0123456789") + listed[place:],
    ):
        decision = decide(at_gate(near, 1.0), RULES, index)
        if decision.plate_number != listed:
            assert decision.opens is False
            assert decision.status == "UNKNOWN"
        if decision.valid and decision.corrections == 0 and decision.plate_number != listed:
            assert decision.resembles == listed
            assert decision.warning


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_correction_never_makes_one_listed_plate_of_another(seed: int) -> None:
    """Of two listed plates that differ in look-alikes only, each is read as itself."""
    rng = seeded(seed)
    one = any_plate(rng)
    swaps = {**{d: ls[0] for d, ls in LETTERS_OF_DIGIT.items()}, **{ls[0]: d for d, ls in LETTERS_OF_DIGIT.items()}}
    places = [i for i, char in enumerate(one) if char in swaps]
    if not places:
        return
    place = rng.choice(places)
    other = one[:place] + swaps[one[place]] + one[place + 1 :]
    if RULES.grammar.issuing(other):
        index = PlateIndex([entry(one), entry(other, "blocked")])
        assert decide(at_gate(one), RULES, index).status == "AUTHORIZED"
        assert decide(at_gate(other), RULES, index).status == "BLOCKED"


def test_a_blocked_resemblance_is_named_first() -> None:
    index = PlateIndex([entry("KA01AB1235"), entry("KA01AB1238", "blocked"), entry("KA01AB1239")])
    decision = decide(at_gate("KA01AB1234"), RULES, index)
    assert decision.resembles == "KA01AB1238"
    assert decision.warning is not None
    assert "blocked" in decision.warning


def test_a_skeleton_joins_what_ocr_confuses() -> None:
    assert skeleton("KA01OB8508") == skeleton("KA0108B5O8")
    assert skeleton("KA01AB1234") != skeleton("KA01AB1235")


def test_who_gets_in_by_mistake() -> None:
    """Six frames each of strangers, every fifth a neighbour of an authorised plate: none opens in a thousand."""
    rng = seeded(3)
    fleet = [any_plate(rng) for _ in range(500)]
    index = PlateIndex(map(entry, fleet))
    opened = authorised_in = 0
    for number in range(1000):
        plate = any_plate(rng)
        if number % 5 == 0:
            near = rng.choice(fleet)
            place = rng.randrange(len(near))
            plate = near[:place] + rng.choice("0123456789" if near[place].isdigit() else LETTERS) + near[place + 1 :]
        if plate not in fleet and RULES.grammar.issuing(plate):
            opened += decide(Sighting(misread(plate, rng), NOW), RULES, index).opens
        if number < 300:
            authorised_in += decide(Sighting(misread(rng.choice(fleet), rng), NOW), RULES, index).opens
    assert opened == 0
    assert authorised_in >= 0.85 * 300


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_confidence_that_is_none_is_an_error(confidence: float) -> None:
    with pytest.raises(ReadError):
        decide(at_gate("KA01AB1234", confidence), RULES, PlateIndex())


def test_a_gate_may_want_more_than_one_read_to_open() -> None:
    careful = GateRules(grammar_for("IN"), open_min_reads=2)
    index = PlateIndex([entry("KA01AB1234")])
    alone = decide(at_gate("KA01AB1234"), careful, index)
    assert (alone.status, alone.opens) == ("AUTHORIZED", False)
    assert "too little to open" in (alone.warning or "")
    twice = decide(Sighting([Read("KA01AB1234", 0.95)] * 2, NOW), careful, index)
    assert (twice.opens, twice.warning) == (True, None)


def test_no_read_is_an_error() -> None:
    with pytest.raises(ReadError):
        decide(Sighting([], NOW), RULES, PlateIndex())


def test_memory_of_recent_vehicles_is_bounded() -> None:
    recent = RecentVehicles(timedelta(seconds=60), limit=10)
    rng = seeded(5)
    first = at_gate("KA01AB1234")
    recent.remember(decide(first, RULES, PlateIndex()), first)
    for _ in range(50):
        sighting = at_gate(any_plate(rng))
        recent.remember(decide(sighting, RULES, PlateIndex()), sighting)
    assert recent.judge(decide(first, RULES, PlateIndex()), first).repetition is False


def test_a_decision_takes_microseconds() -> None:
    """A tenth of the bar (5,000 a second), so that a busy machine does not fail it; benchmarks/gate.py measures."""
    rng = seeded(7)
    index = PlateIndex(entry(any_plate(rng)) for _ in range(2000))
    sightings = [at_gate(any_plate(rng)) for _ in range(500)]
    started = time.perf_counter()
    for sighting in sightings:
        decide(sighting, RULES, index)
    assert time.perf_counter() - started < 1.0
