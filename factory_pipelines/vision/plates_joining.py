"""Which lines of text make up one plate, and how much a text is like a plate of any country.

A text detector finds ``KA 01`` and ``AB 1234`` as two lines, below one another or side by side. Lines of about the same
height that touch are joined, in the order in which they are read. What the joined text is worth is judged without
knowing the country: plates have four to ten characters, letters as well as digits, in few blocks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from factory_pipelines.vision.plates_ctc import Guess
from factory_pipelines.vision.types import Box

Corners = npt.NDArray[np.float32]

_SAME_HEIGHT = 0.55  # the smaller line is at least so high, as a share of the other
_ROW_GAP, _STACK_GAP = 1.2, 0.7  # in heights of the smaller line
_STACK_OVERLAP = 0.4  # of the narrower line
_LOWEST_LENGTH, _HIGHEST_LENGTH = 4, 13
# Logarithms of how much rarer it is among plates than among all text that a camera sees.
_OF_LENGTH = {4: -2.5, 5: -1.2, 6: -0.4, 11: -0.7, 12: -1.5, 13: -1.5}
_NOT_OF_A_PLATE = -12.0
_NO_DIGIT, _NO_LETTER = -2.0, -1.5
_BROKEN_UP = -2.0  # each block beyond four; each second block of one character where there are four
_LONG_BLOCK = -1.0  # each letter beyond three in a block, each digit beyond five
_JOINED = -0.1
_SIZE = 0.7  # power of a line's height beside the largest: what is written small is seldom the plate
_EDGE_DOUBT = 0.5


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line: where it stands (top left corner first, clockwise), what it may say, how sure its characters are."""

    corners: Corners
    guesses: tuple[Guess, ...]
    char_confidences: tuple[float, ...]

    @property
    def height(self) -> float:
        """Pixels, along the left edge."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def box(self) -> Box:
        """What it covers."""
        return covering([self.corners])


@dataclass(frozen=True, slots=True)
class Candidate:
    """Lines that may be one plate, with the texts they may say, best first."""

    lines: tuple[ReadLine, ...]
    guesses: tuple[Guess, ...]
    score: float

    @property
    def box(self) -> Box:
        """What its lines cover."""
        return covering([line.corners for line in self.lines])


def covering(corners: Sequence[Corners]) -> Box:
    """The box around all ``corners``."""
    points = np.concatenate(list(corners))
    x1, y1 = points.min(axis=0)
    x2, y2 = points.max(axis=0)
    return Box(float(x1), float(y1), float(x2), float(y2))


def candidates(lines: Sequence[ReadLine]) -> list[Candidate]:
    """Every line alone, and those that may be joined, the most plate-like first; lines without a guess are left out."""
    said = [line for line in lines if line.guesses]
    joined = [(one, other) for one in said for other in said if one is not other and _follows(one, other)]
    tallest = max((line.height for line in said), default=1.0)
    found = [_candidate(group, tallest) for group in [*((line,) for line in said), *joined]]
    return sorted(found, key=lambda candidate: -candidate.score)


def likeness(text: str) -> float:
    """Log of how much likelier ``text`` is among plates than among other texts; 0 for the best."""
    if not _LOWEST_LENGTH <= len(text) <= _HIGHEST_LENGTH:
        return _NOT_OF_A_PLATE
    blocks = [(kind, len(list(block))) for kind, block in groupby(text, str.isdigit)]
    kinds = [kind for kind, _ in blocks]
    too_long = sum(max(0, length - (5 if kind else 3)) for kind, length in blocks)
    lacking = 0.0 if len(set(kinds)) == 2 else _NO_DIGIT if not kinds[0] else _NO_LETTER
    alone = sum(length == 1 for _, length in blocks)
    broken = max(0, len(blocks) - 4) + (max(0, alone - 1) if len(blocks) > 3 else 0)
    return _OF_LENGTH.get(len(text), 0.0) + lacking + _LONG_BLOCK * too_long + _BROKEN_UP * broken


def stacked(upper: ReadLine, lower: ReadLine) -> bool:
    """Whether ``lower`` may be the second row of the plate whose first is ``upper``."""
    above, below = upper.box, lower.box
    smaller = min(upper.height, lower.height)
    overlap = min(above.x2, below.x2) - max(above.x1, below.x1)
    gap = float(lower.corners[:2, 1].mean() - upper.corners[2:, 1].mean())
    return (
        _alike(upper, lower)
        and overlap > _STACK_OVERLAP * min(above.width, below.width)
        and -0.5 * smaller < gap < _STACK_GAP * smaller
        and above.centre[1] < below.centre[1]
    )


def beside(left: ReadLine, right: ReadLine) -> bool:
    """Whether ``right`` goes on where ``left`` ends."""
    smaller = min(left.height, right.height)
    gap = float(np.linalg.norm(right.corners[[0, 3]].mean(axis=0) - left.corners[[1, 2]].mean(axis=0)))
    level = abs(float(right.corners[[0, 3], 1].mean() - left.corners[[1, 2], 1].mean()))
    return (
        _alike(left, right)
        and left.box.centre[0] < right.box.centre[0]
        and level < 0.4 * smaller
        and gap < _ROW_GAP * smaller
    )


def _alike(one: ReadLine, other: ReadLine) -> bool:
    return min(one.height, other.height) > _SAME_HEIGHT * max(one.height, other.height)


def _follows(one: ReadLine, other: ReadLine) -> bool:
    return beside(one, other) or stacked(one, other)


def _candidate(lines: tuple[ReadLine, ...], tallest: float) -> Candidate:
    texts: dict[str, float] = {"": 1.0}
    for line in lines:
        texts = {
            text + guess.text: max(texts.get(text + guess.text, 0.0), sure * guess.probability)
            for text, sure in texts.items()
            for guess in _trimmed(line)
        }
    worth = {text: math.log(max(sure, 1e-9)) + likeness(text) for text, sure in texts.items()}
    best = sorted(texts, key=lambda text: (-worth[text], text))
    beside_text = _SIZE * math.log(max(1e-3, min(line.height for line in lines) / tallest))
    score = worth[best[0]] + beside_text + (_JOINED if len(lines) > 1 else 0.0)
    return Candidate(lines, tuple(Guess(text, texts[text]) for text in best[:12]), score)


def _trimmed(line: ReadLine) -> list[Guess]:
    """The line's guesses, and, where its first or last character is doubtful, the text without it.

    A coat of arms, a hologram or a rivet beside the number is read as a letter that nobody is sure of, each time
    another one: those guesses all speak for the text that they have in common.
    """
    texts = {guess.text: guess.probability for guess in line.guesses}
    doubtful_first = len(line.char_confidences) > 1 and line.char_confidences[0] < _EDGE_DOUBT
    doubtful_last = len(line.char_confidences) > 1 and line.char_confidences[-1] < _EDGE_DOUBT
    for guess in line.guesses:
        for text in {guess.text[1:]} if doubtful_first else ():
            texts[text] = texts.get(text, 0.0) + guess.probability / 2
        for text in {guess.text[:-1]} if doubtful_last else ():
            texts[text] = texts.get(text, 0.0) + guess.probability / 2
    return [Guess(text, min(1.0, sure)) for text, sure in texts.items() if text]
