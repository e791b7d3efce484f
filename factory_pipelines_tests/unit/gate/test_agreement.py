"""Several reads of one vehicle: better than the best of them, calibrated, and silent rather than wrong."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory_pipelines.gate.agreement import MAX_READS, Agreement, Read, agree, calibrated
from factory_pipelines.gate.grammar import grammar_for
from factory_pipelines.gate.plates import NoPlate
from factory_pipelines_tests.unit.gate.vehicles import any_plate, misread, real_reads, seeded

IN = grammar_for("IN")


def agreed(reads: list[Read]) -> str | None:
    found = agree(reads, IN)
    return found.plate.text if isinstance(found, Agreement) else None


def best_single(reads: list[Read]) -> str:
    return max(reads, key=lambda read: read.confidence).text


def test_agreement_beats_the_best_read_by_fifteen_points_on_simulated_confusions() -> None:
    rng = seeded(1)
    vehicles = [(plate, misread(plate, rng)) for plate in (any_plate(rng) for _ in range(400))]
    single = sum(best_single(reads) == plate for plate, reads in vehicles) / len(vehicles)
    together = sum(agreed(reads) == plate for plate, reads in vehicles) / len(vehicles)
    assert together >= single + 0.15, (together, single)
    assert together >= 0.93


def test_agreement_beats_the_best_read_on_real_reads_it_has_not_seen() -> None:
    vehicles = real_reads("ocr_reads_unseen.csv")
    single = sum(best_single(reads) == plate for plate, reads in vehicles) / len(vehicles)
    together = sum(agreed(reads) == plate for plate, reads in vehicles) / len(vehicles)
    assert together >= single + 0.15, (together, single)


def test_the_confidence_means_what_it_says_on_real_reads_it_has_not_seen() -> None:
    said = []
    for plate, reads in real_reads("ocr_reads_unseen.csv"):
        for frames in (2, 3, 4, 6):
            found = agree(reads[:frames], IN)
            if isinstance(found, Agreement):
                said.append((found.confidence, found.plate.text == plate))
    for low, high in ((0.85, 0.95), (0.95, 0.99), (0.99, 1.0)):
        right = [is_right for confidence, is_right in said if low <= confidence < high]
        assert len(right) >= 30
        # Rather too modest than too sure; a percent of sampling error.
        assert sum(right) / len(right) >= low - 0.01, (low, sum(right) / len(right))
    brier = sum((confidence - is_right) ** 2 for confidence, is_right in said) / len(said)
    assert brier < 0.06


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(2, 7), st.floats(0.3, 0.99))
def test_one_more_read_of_the_agreed_plate_never_lowers_the_confidence(
    seed: int, frames: int, confidence: float
) -> None:
    rng = seeded(seed)
    plate = any_plate(rng)
    reads = [read for read in misread(plate, rng, frames=frames) if len(read.text) == len(plate)]
    before = agree(reads, IN)
    if isinstance(before, Agreement):
        after = agree([*reads, Read(before.plate.text, confidence)], IN)
        assert isinstance(after, Agreement)
        assert after.plate == before.plate
        assert after.confidence >= before.confidence - 1e-9


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.randoms())
def test_the_order_of_reads_does_not_matter(seed: int, shuffler: random.Random) -> None:
    rng = seeded(seed)
    reads = misread(any_plate(rng), rng)
    shuffled = list(reads)
    shuffler.shuffle(shuffled)
    assert agree(reads, IN) == agree(shuffled, IN)


def test_too_few_usable_reads_say_nothing() -> None:
    for reads in (
        [],
        [Read("KA01AB1234", 0.99)],
        [Read("KA01AB1234", 0.99), Read("", 0.9), Read("٠١٢", 0.9), Read("\x00", 0.9)],
        [Read("KA01AB1234", 0.99), Read("KA01AB1234", 0.0)],
        [Read("KA01AB1234", 0.99), Read("K" * 40, 0.9)],
    ):
        found = agree(reads, IN)
        assert isinstance(found, NoPlate)
        assert found.reason == "no_agreement"


def test_two_plates_that_are_about_as_likely_give_a_low_confidence() -> None:
    found = agree([Read("KA01AB1234", 0.9), Read("KA01AB1284", 0.9)], IN)
    assert isinstance(found, Agreement)
    assert found.confidence < 0.6
    assert found.dissent_count == 1


def test_lost_and_made_up_characters_are_laid_in_place() -> None:
    reads = [Read("KA01AB1234", 0.9), Read("KA01B1234", 0.9), Read("KAA01AB1234", 0.8), Read("KA01AB1234", 0.7)]
    assert agreed(reads) == "KA01AB1234"


def test_words_are_no_plate_however_often_they_are_read() -> None:
    found = agree([Read("HORNOKPLEASE", 0.99)] * 9, IN)
    assert not isinstance(found, Agreement) or found.confidence < 0.5


def test_more_reads_than_anybody_needs_cost_no_more() -> None:
    found = agree([Read("KA01AB1234", 0.9)] * 5000, IN)
    assert isinstance(found, Agreement)
    assert found.read_count == MAX_READS


@pytest.mark.parametrize("logit", [-700.0, -30.0, 0.0, 30.0, 700.0])
def test_the_calibration_is_a_probability(logit: float) -> None:
    assert 0.0 <= calibrated(logit) < 1.0
