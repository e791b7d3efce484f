"""From a recogniser's beliefs to texts: what a line may say, how likely each is, and how sure its characters are.

A CTC network says at each step across the line which character it sees, or none (the blank). Several paths through the
steps give one text; prefix beam search (Graves 2006; Hannun 2014) adds them up. One text is not enough: where ``B`` and
``8`` are about as likely, whoever knows what plates look like can choose, and only if the second guess is kept.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PLATE_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Beliefs = npt.NDArray[np.float32]
"""Steps × 37: probability of the blank, then of each of ``PLATE_CHARACTERS``."""

_BEAM = 12
_NEGLIGIBLE, _IMPOSSIBLE = 0.003, 1e-6


@dataclass(frozen=True, slots=True)
class Guess:
    """A text that a line may say, and the probability, from 0 to 1, that the network gives it."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class LineText:
    """What a line may say.

    Attributes:
        guesses: the likeliest texts, best first; none where nothing can be read.
        char_confidences: from 0 to 1, of each character of the first guess.
    """

    guesses: tuple[Guess, ...]
    char_confidences: tuple[float, ...]


def line_text(beliefs: Beliefs) -> LineText:
    """What the network's beliefs come to."""
    found = tuple(guesses(beliefs))
    return LineText(found, char_confidences(beliefs, found[0].text) if found else ())


def guesses(beliefs: Beliefs, count: int = 8) -> list[Guess]:
    """The likeliest texts, best first; texts without a character are left out."""
    # Of each prefix: probability of the paths that end in a blank, and of those that end in its last character.
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    for step in beliefs:
        likely = [int(place) for place in np.flatnonzero(step[1:] > _NEGLIGIBLE) + 1]
        if not likely and step[0] > 1 - _NEGLIGIBLE:
            beam = {prefix: (blank + char, 0.0) for prefix, (blank, char) in beam.items()}
            continue
        beam = _stepped(beam, step, likely)
    found = [
        Guess("".join(PLATE_CHARACTERS[place - 1] for place in prefix), min(1.0, blank + char))
        for prefix, (blank, char) in beam.items()
        if prefix and blank + char > _IMPOSSIBLE
    ]
    return sorted(found, key=lambda guess: (-guess.probability, guess.text))[:count]


def _stepped(
    beam: dict[tuple[int, ...], tuple[float, float]], step: npt.NDArray[np.float32], likely: list[int]
) -> dict[tuple[int, ...], tuple[float, float]]:
    """The beam one step on."""
    blanks: dict[tuple[int, ...], float] = defaultdict(float)
    chars: dict[tuple[int, ...], float] = defaultdict(float)
    for prefix, (blank, char) in beam.items():
        blanks[prefix] += (blank + char) * float(step[0])
        for place in likely:
            sure = float(step[place])
            if prefix and prefix[-1] == place:
                chars[prefix] += char * sure
                chars[*prefix, place] += blank * sure  # the same letter again, after a gap
            else:
                chars[*prefix, place] += (blank + char) * sure
    whole = {prefix: (blanks[prefix], chars[prefix]) for prefix in {**blanks, **chars}}
    best = sorted(whole.items(), key=lambda item: -sum(item[1]))[:_BEAM]
    return dict(best)


def char_confidences(beliefs: Beliefs, text: str) -> tuple[float, ...]:
    """How sure the network is of each character of ``text``: its surest step on the text's best path."""
    if not text:
        return ()
    places = [0]
    for char in text:
        places += [PLATE_CHARACTERS.index(char) + 1, 0]
    path = _best_path(np.log(np.maximum(beliefs[:, places], 1e-9)), places)
    return tuple(
        max(
            (min(1.0, float(beliefs[step, places[state]])) for step, state in enumerate(path) if state == wanted),
            default=0.0,
        )
        for wanted in range(1, len(places), 2)
    )


def _best_path(log_beliefs: npt.NDArray[np.float32], places: list[int]) -> list[int]:
    """For each step the state (blank, first character, blank, …) of the likeliest path through all characters."""
    steps, states = log_beliefs.shape
    may_skip = np.array([i >= 2 and places[i] != 0 and places[i] != places[i - 2] for i in range(states)])
    score = np.full(states, -math.inf)
    score[:2] = log_beliefs[0, :2]
    came = np.zeros((steps, states), np.int8)
    for step in range(1, steps):
        one = np.concatenate([[-math.inf], score[:-1]])
        two = np.where(may_skip, np.concatenate([[-math.inf, -math.inf], score[:-2]])[:states], -math.inf)
        ways = np.stack([score, one, two])
        came[step] = ways.argmax(axis=0)
        score = ways.max(axis=0) + log_beliefs[step]
    state = states - 1 if score[-1] >= score[-2] else states - 2
    path = [state]
    for step in range(steps - 1, 0, -1):
        state -= int(came[step, state])
        path.append(state)
    return path[::-1]
