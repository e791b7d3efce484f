"""From a recogniser's beliefs to texts."""

from itertools import product

import numpy as np
import pytest

from factory_pipelines.vision.plates_ctc import PLATE_CHARACTERS, Beliefs, char_confidences, guesses, line_text


def beliefs(*steps: dict[str, float]) -> Beliefs:
    """One step for each dict, a character's probability by character; what is left is the blank's."""
    table = np.zeros((len(steps), len(PLATE_CHARACTERS) + 1), np.float32)
    for row, step in zip(table, steps, strict=True):
        for char, sure in step.items():
            row[PLATE_CHARACTERS.index(char) + 1] = sure
        row[0] = 1 - sum(step.values())
    return table


def test_a_letter_held_over_several_steps_is_one_and_twice_with_a_gap_is_two() -> None:
    held = beliefs({"A": 1.0}, {"A": 1.0}, {}, {"B": 1.0})
    again = beliefs({"A": 1.0}, {}, {"A": 1.0}, {"B": 1.0})
    assert guesses(held)[0].text == "AB"
    assert guesses(again)[0].text == "AAB"


def test_the_second_guess_is_kept_with_its_probability() -> None:
    said = line_text(beliefs({"K": 1.0}, {}, {"8": 0.6, "B": 0.4}))
    assert [(guess.text, round(guess.probability, 3)) for guess in said.guesses] == [("K8", 0.6), ("KB", 0.4)]
    assert said.char_confidences == pytest.approx((1.0, 0.6))


def test_probabilities_are_those_of_all_paths() -> None:
    table = beliefs({"A": 0.6, "1": 0.3}, {"A": 0.5, "1": 0.2}, {"1": 0.7})
    expected: dict[str, float] = {}
    for path in product(range(len(PLATE_CHARACTERS) + 1), repeat=3):
        sure = float(np.prod([table[step, place] for step, place in enumerate(path)]))
        if sure > 0:
            kept = [place for n, place in enumerate(path) if place and (n == 0 or path[n - 1] != place)]
            text = "".join(PLATE_CHARACTERS[place - 1] for place in kept)
            expected[text] = expected.get(text, 0.0) + sure
    found = {guess.text: guess.probability for guess in guesses(table, 20)}
    assert found == pytest.approx({text: sure for text, sure in expected.items() if text}, abs=1e-6)


def test_a_blank_line_says_nothing() -> None:
    said = line_text(beliefs({}, {}, {}))
    assert said.guesses == ()
    assert said.char_confidences == ()


def test_each_character_is_as_sure_as_its_surest_step() -> None:
    table = beliefs({"A": 0.4}, {"A": 0.9}, {}, {"B": 0.7}, {})
    assert char_confidences(table, "AB") == pytest.approx((0.9, 0.7))
    assert char_confidences(table, "") == ()
