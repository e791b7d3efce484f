"""Cleaning, grammars and corrections, against the golden corpora."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory_pipelines.gate.grammar import LETTERS_OF_DIGIT, TemplateError, grammar_for
from factory_pipelines.gate.plates import NoPlate, Plate, parse
from factory_pipelines_tests.unit.gate.vehicles import any_plate, golden_lines, seeded

IN = grammar_for("IN")


@pytest.mark.parametrize("line", golden_lines("indian_plates.txt"))
def test_every_published_format_is_accepted(line: str) -> None:
    written, expected, name = line.split("|")
    found = parse(written, IN)
    if expected.startswith("!"):
        assert isinstance(found, NoPlate)
        assert found.reason == expected[1:]
    else:
        assert isinstance(found, Plate), found
        assert (found.text, found.format) == (expected, name)


@pytest.mark.parametrize("written", golden_lines("not_plates.txt"))
def test_what_is_no_plate_is_refused_with_a_reason(written: str) -> None:
    found = parse(written, IN)
    assert isinstance(found, NoPlate), found
    assert found.detail


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("KA 01 AB 1234", True),
        ("KA01A1234", True),
        ("XX99ZZ9999", True),  # the seed's pattern knows no states
        ("22BH1234AA", False),
        ("DL3CAB1234", False),
        ("MH12ABC1234", False),
        ("HR261234", False),
    ],
)
def test_the_seeds_pattern_is_a_profile(text: str, valid: bool) -> None:
    assert isinstance(parse(text, grammar_for("IN_STRICT")), Plate) is valid


def test_other_countries_are_configuration() -> None:
    uk = grammar_for("CUSTOM", ["uk:LLDDLLL"])
    assert parse("AB12 CDE", uk) == Plate("AB12CDE", "uk")
    assert parse("A812 CDE", uk) == Plate("AB12CDE", "uk", 1)
    assert isinstance(parse("KA01AB1234", uk), NoPlate)
    both = grammar_for("IN", ["nepal:BADDPA[10|20]DD"])
    assert isinstance(parse("KA01AB1234", both), Plate)
    assert parse("BA12PA2034", both) == Plate("BA12PA2034", "nepal")
    assert isinstance(parse("BA12PA3034", both), NoPlate)


@pytest.mark.parametrize(
    ("profile", "formats"),
    [
        ("XX", []),
        ("CUSTOM", []),
        ("IN", ["LLDD"]),
        ("IN", ["a:"]),
        ("IN", ["a:LL"]),
        ("IN", ["a:L" + "D" * 20]),
        ("IN", ["a:ll dd"]),
        ("IN", ["a:[AB|C]DD"]),
        ("IN", ["a:[]DDD"]),
    ],
)
def test_a_format_that_means_nothing_is_an_error(profile: str, formats: list[str]) -> None:
    with pytest.raises(TemplateError):
        grammar_for(profile, formats)


def test_the_generic_profile_wants_letters_and_digits() -> None:
    generic = grammar_for("GENERIC")
    assert parse("WOR-516 K", generic) == Plate("WOR516K", "generic")
    for text in ("STOP", "123456", "AB1", "ABCDEF12345", "AAAA"):
        assert isinstance(parse(text, generic), NoPlate)


def test_a_text_that_may_be_two_plates_is_neither() -> None:
    two = grammar_for("CUSTOM", ["one:LDD", "other:DDL"])
    found = parse("118", two)  # I18 or 11B
    assert isinstance(found, NoPlate)
    assert found.reason == "ambiguous"


@given(st.integers(0, 2**32), st.integers(0, 12), st.sampled_from("ODQIlLZASGTB01245678"))
def test_a_plate_as_it_stands_is_never_changed(seed: int, place: int, char: str) -> None:
    """Correction never turns one valid plate into another, however alike they look."""
    plate = any_plate(seeded(seed))
    altered = plate[: place % len(plate)] + char.upper() + plate[place % len(plate) + 1 :]
    for text in (plate, altered):
        if IN.issuing(text):
            found = parse(text, IN)
            assert isinstance(found, Plate)
            assert (found.text, found.corrections) == (text, 0)


@given(st.integers(0, 2**32))
def test_correction_changes_look_alikes_only(seed: int) -> None:
    rng = seeded(seed)
    text = "".join(rng.choice([c, *LETTERS_OF_DIGIT.get(c, c)]) for c in any_plate(rng))
    found = parse(text, IN)
    if isinstance(found, Plate):
        changed = [(a, b) for a, b in zip(text, found.text, strict=True) if a != b]
        assert len(changed) == found.corrections <= 2
        assert all(b in LETTERS_OF_DIGIT.get(a, "") or a in LETTERS_OF_DIGIT.get(b, "") for a, b in changed)
        assert parse(found.text, IN) == Plate(found.text, found.format)


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    found = parse(text, IN)
    if isinstance(found, Plate):
        assert found.text.isascii()
        assert found.text.isalnum()
        assert IN.issuing(found.text)
