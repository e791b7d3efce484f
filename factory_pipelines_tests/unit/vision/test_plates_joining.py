"""Lines of text that make up one plate, and texts that are like one."""

import numpy as np
import pytest

from factory_pipelines.vision.plates_ctc import Guess
from factory_pipelines.vision.plates_joining import ReadLine, candidates, likeness


def line(text: str, x: float, y: float, *, width: float = 100, height: float = 20, sure: float = 0.9) -> ReadLine:
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)
    return ReadLine(corners, (Guess(text, sure),), (sure,) * len(text))


def best(*lines: ReadLine) -> str:
    return candidates(lines)[0].guesses[0].text


def test_two_rows_are_read_from_above_whatever_their_order() -> None:
    upper, lower = line("MH12DE", 10, 10), line("1433", 20, 34, width=70)
    assert best(lower, upper) == best(upper, lower) == "MH12DE1433"
    assert candidates([upper, lower])[0].box.y2 == 54


def test_a_divided_row_is_read_from_the_left() -> None:
    assert best(line("AB1234", 130, 10), line("KA01", 20, 12)) == "KA01AB1234"


@pytest.mark.parametrize(
    "other",
    [line("1433", 10, 80), line("1433", 300, 34), line("1433", 10, 34, width=30, height=6)],
    ids=["too far below", "beside", "too small"],
)
def test_what_stands_apart_is_not_joined(other: ReadLine) -> None:
    joined = [candidate for candidate in candidates([line("MH12DE", 10, 10), other]) if len(candidate.lines) > 1]
    assert joined == []


def test_the_plate_goes_before_what_else_is_written_on_a_lorry() -> None:
    lines = [line("HORNOKPLEASE", 0, 0), line("TATA", 0, 100), line("KA01AB1234", 0, 200), line("9845012345", 0, 300)]
    assert best(*lines) == "KA01AB1234"


def test_what_is_written_small_is_seldom_the_plate() -> None:
    assert best(line("SW722", 0, 0, height=10), line("FWE50", 0, 100, height=30)) == "FWE50"


def test_a_doubtful_first_letter_is_a_coat_of_arms() -> None:
    corners = line("", 0, 0).corners
    seen = tuple(Guess(text, sure) for text, sure in [("RRK828AG", 0.24), ("BRK828AG", 0.2), ("PRK828AG", 0.1)])
    [found] = candidates([ReadLine(corners, seen, (0.24, *[0.99] * 7))])
    assert found.guesses[0].text == "RK828AG"


def test_letters_and_digits_come_in_few_blocks() -> None:
    corners = line("", 0, 0).corners
    seen = (Guess("RK896A0", 0.78), Guess("RK896AO", 0.18))
    [found] = candidates([ReadLine(corners, seen, (0.9,) * 7)])
    assert found.guesses[0].text == "RK896AO"


@pytest.mark.parametrize("text", ["A1", "AB123456789012", ""])
def test_too_short_and_too_long_is_unlike_any_plate(text: str) -> None:
    assert likeness(text) < likeness("PLEASE") < likeness("KA01AB1234") == 0


def test_nothing_read_is_nothing() -> None:
    assert candidates([]) == []
    assert candidates([ReadLine(line("", 0, 0).corners, (), ())]) == []
