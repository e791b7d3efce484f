"""From what pictures may say to reads for the gate."""

from datetime import UTC, datetime

import pytest

from factory_pipelines.edge.streams.plate_reads import Look, look_at, pooled, reads_of
from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.decisions import GateRules, Sighting, decide
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.lists import PlateIndex
from factory_pipelines.gate.plates import NoPlate
from factory_pipelines.vision.plates import PlateReading
from factory_pipelines.vision.plates_ctc import Guess
from factory_pipelines.vision.types import Box

NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
INDIA = grammar_for("IN")


def reading(*guesses: tuple[str, float]) -> PlateReading:
    text, sure = guesses[0]
    return PlateReading(text, sure, Box(0, 0, 1, 1), None, tuple(Guess(*guess) for guess in guesses))


def look(*guesses: tuple[str, float]) -> Look:
    found = look_at([reading(*guesses)], INDIA)
    assert isinstance(found, Look)
    return found


def is_valid(reads: list[Read]) -> bool:
    return decide(Sighting(reads, NOW), GateRules(INDIA), PlateIndex()).valid


def test_the_likeliest_text_that_is_a_plate_here_is_the_read() -> None:
    assert look(("KA01A81234", 0.6), ("KA01AB1234", 0.35)).read == Read("KA01AB1234", 0.35)


def test_the_other_candidates_of_the_picture_have_their_chance() -> None:
    found = look_at([reading(("TATA", 1.0)), reading(("MH12DE1433", 0.9))], INDIA)
    assert isinstance(found, Look)
    assert found.read == Read("MH12DE1433", 0.9)


def test_a_rare_format_needs_more_than_one_read() -> None:
    seen = look(("TG183415", 1.0))
    assert seen.read == Read("TG183415", 0.8)
    assert not is_valid(reads_of([seen]))
    assert is_valid(reads_of([seen] * 3))


@pytest.mark.parametrize(("readings", "reason"), [([], "empty"), ([reading(("TATA", 1.0))], "format")])
def test_nothing_read_and_nothing_grammatical_say_why(readings: list[PlateReading], reason: str) -> None:
    found = look_at(readings, INDIA)
    assert isinstance(found, NoPlate)
    assert found.reason == reason


def test_second_guesses_decide_between_pictures_that_disagree() -> None:
    seen = [look(("AR40KU7418", 0.6), ("AR40KU7416", 0.4)), *[look(("AR40KU7416", 0.9), ("AR40KU7418", 0.1))] * 3]
    text, share = pooled(seen)
    assert (text, share > 0.9) == ("AR40KU7416", True)
    reads = reads_of(seen)
    assert reads == [Read("AR40KU7416", 0.4), *[Read("AR40KU7416", 0.9)] * 3]
    assert is_valid(reads)


def test_pictures_that_do_not_settle_are_one_doubtful_read() -> None:
    five, six = ("AN05R1386", "AN06R1386")
    seen = [look((five, 0.55), (six, 0.45)), look((six, 0.55), (five, 0.45)), look((five, 0.5), (six, 0.48))]
    [read] = reads_of(seen)
    assert read.confidence < 0.85
    assert not is_valid([read])


def test_a_picture_that_does_not_see_the_settled_text_keeps_its_own() -> None:
    seen = [*[look(("KA01AB1234", 0.95))] * 4, look(("MH12DE1433", 0.5))]
    assert [read.text for read in reads_of(seen)] == ["KA01AB1234"] * 4 + ["MH12DE1433"]


def test_nothing_seen_is_nothing_to_hand_over() -> None:
    assert reads_of([]) == []
