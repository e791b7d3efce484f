"""From what pictures may say to reads that the gate can judge: where vision's guesses meet the gate's grammar.

Of the texts that one picture may say, the likeliest that the grammar knows is its read. Pictures of one vehicle are put
together by the product of what each gives to every text (a logarithmic opinion pool, its sharpness halved because
frames share their faults). While they do not settle on one text, they come to a single read that is no surer than the
pool is, so that the gate refuses it: a majority of blurred pictures is no plate.

A rare format (no series, armed forces, diplomats) is what is left of a common one when a letter is lost: a single read
of one is worth less than its text, and only agreement makes up for it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from factory_pipelines.gate.agreement import Read
from factory_pipelines.gate.grammar import Grammar
from factory_pipelines.gate.plates import NoPlate, Plate, parse

if TYPE_CHECKING:
    from factory_pipelines.vision.plates import PlateReading

_READINGS = 8  # readings of one picture that are tried against the grammar
_CORRECTION = 0.22  # how much less likely a text is that needs a look-alike put right
_RARE_PRIOR, _RARE_FACTOR = 0.03, 0.8
_UNSEEN = 0.001  # what a picture gives to a text that it does not say
_SHARPNESS = 0.5
_SETTLED = 0.9
_SUPPORTS = 0.01  # a picture that gives so much to the settled text is a read of it


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of a vehicle.

    Attributes:
        read: the likeliest plate, with the probability that the reader gives to its text.
        weights: every plate that it may say, and how likely it makes it.
    """

    read: Read
    weights: Mapping[str, float]


def look_at(readings: Sequence["PlateReading"], grammar: Grammar) -> Look | NoPlate:
    """What one picture says under ``grammar``, or why it says nothing; ``readings`` best first."""
    weights: dict[str, float] = {}
    sure: dict[str, float] = {}
    refusal: NoPlate | None = None
    for reading in readings[:_READINGS]:
        for guess in reading.alternatives:
            found = parse(guess.text, grammar)
            if isinstance(found, NoPlate):
                refusal = refusal or found
                continue
            prior = _prior(found, grammar)
            weight = guess.probability * math.sqrt(prior) * _CORRECTION**found.corrections
            if weight > weights.get(found.text, 0.0):
                weights[found.text] = weight
                sure[found.text] = min(1.0, guess.probability * (_RARE_FACTOR if prior < _RARE_PRIOR else 1.0))
    if not weights:
        return refusal or NoPlate("empty", "nothing was read")
    best = max(weights, key=lambda text: (weights[text], text))
    return Look(Read(best, sure[best]), weights)


def pooled(looks: Sequence[Look]) -> tuple[str, float]:
    """The plate that all ``looks`` (at least one) make likeliest, and its share among all that they name."""
    texts = {text for look in looks for text in look.weights}
    scores = {text: math.fsum(math.log(look.weights.get(text, 0.0) + _UNSEEN) for look in looks) for text in texts}
    best = max(scores, key=lambda text: (scores[text], text))
    return best, 1.0 / math.fsum(math.exp(_SHARPNESS * (score - scores[best])) for score in scores.values())


def reads_of(looks: Sequence[Look]) -> list[Read]:
    """What to hand to the gate for one vehicle: one read for each look, or a single doubtful one."""
    if len(looks) < 2:
        return [look.read for look in looks]
    text, share = pooled(looks)
    if share <= _SETTLED:
        return [Read(text, share)]
    return [_towards(text, look) for look in looks]


def _towards(text: str, look: Look) -> Read:
    """The look's read, or its vote for ``text`` where it sees that too."""
    if look.read.text == text or look.weights.get(text, 0.0) <= _SUPPORTS:
        return look.read
    return Read(text, min(1.0, look.weights[text]))


def _prior(plate: Plate, grammar: Grammar) -> float:
    shapes = grammar.by_length.get(len(plate.text), ())
    return max((shape.prior for shape in shapes if shape.name == plate.format), default=1.0)
