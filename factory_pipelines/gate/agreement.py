"""One plate from several reads of one vehicle, character by character, with a confidence that means what it says.

Each read is evidence for the characters it shows, as strong as its own confidence and as what OCR is known to misread
(``confusions.py``). The plate is the one number of the grammar that explains all reads best: an ``8`` read where a
letter must stand speaks for a ``B``. The share of the evidence that this number has over all others is then calibrated
on real OCR reads, because frames of one vehicle share their errors.

It fails closed: too few reads, no format, or two numbers that are about as likely give no plate, or a low confidence.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from factory_pipelines.gate.confusions import MISREAD
from factory_pipelines.gate.grammar import DIGIT_OF_LETTER, LETTERS_OF_DIGIT, Grammar, Shape
from factory_pipelines.gate.plates import NoPlate, Plate, clean, parse

MAX_READS = 64

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# However sure an OCR says it is, so many characters are wrong; and however unsure, more than half are right.
_LEAST_ERROR, _MOST_ERROR = 0.01, 0.45
# Log probability of a character that was not read, and of one read where there is none.
_LOST, _MADE_UP = math.log(0.02), math.log(0.002 / 36)
# Log probability of a letter that series avoid.
_UNLIKELY = math.log(0.01)

# Fitted on the odd vehicles of golden/gate/ocr_reads.csv, which the table of misreadings has not seen.
_INTERCEPT, _SLOPE, _CEILING = -1.0, 0.62, 0.998


@dataclass(frozen=True, slots=True)
class Read:
    """What OCR saw in one frame; ``confidence`` from 0 to 1, of the text as a whole."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the reads agree on.

    Attributes:
        plate: the number.
        confidence: calibrated: of plates given with 0.9, about nine in ten are right.
        read_count: reads that said anything.
        dissent_count: reads that, taken alone, say something else.
    """

    plate: Plate
    confidence: float
    read_count: int
    dissent_count: int


@dataclass(frozen=True, slots=True)
class _Laid:
    """A read laid upon the places of a plate: ``-`` where it says nothing; ``left_over`` characters found no place."""

    text: str
    confidence: float
    left_over: int


def calibrated(posterior_logit: float) -> float:
    """Probability that the agreed plate is right, from the logit of its share of the evidence; never falls with it."""
    return min(_CEILING, 1.0 / (1.0 + math.exp(-(_INTERCEPT + _SLOPE * posterior_logit))))


def agree(
    reads: Sequence[Read],
    grammar: Grammar,
    *,
    min_reads: int = 2,
    calibration: Callable[[float], float] = calibrated,
) -> Agreement | NoPlate:
    """The plate that ``reads`` of one vehicle agree on, or why there is none.

    One more read that says the agreed plate never lowers the confidence. Reads that hold no text, or more than any
    plate of the grammar could, are left out. Beyond ``MAX_READS`` the most confident ones count.

    Args:
        reads: all reads of one vehicle, in any order.
        grammar: what plates look like here.
        min_reads: fewer usable reads than this give no plate.
        calibration: from the logit of the evidence to a probability.
    """
    usable = _usable(reads, grammar)
    if len(usable) < min_reads:
        detail = f"{len(usable)} of {len(reads)} reads are usable; at least {min_reads} are needed"
        return NoPlate("no_agreement", detail)
    best, logit = _most_likely(_placed(usable, grammar), grammar)
    if best is None:
        return NoPlate("no_agreement", f"no number of profile {grammar.name} explains the {len(usable)} reads")
    said = [parse(read.text, grammar) for read in usable]
    dissent = sum(not (isinstance(one, Plate) and one.text == best.text) for one in said)
    return Agreement(best, calibration(logit), len(usable), dissent)


def _usable(reads: Sequence[Read], grammar: Grammar) -> list[Read]:
    """The reads as plain capitals and digits, without the country's mark where they are a plate as they stand."""
    longest = max(grammar.by_length, default=0) + 2
    found = []
    for read in sorted(reads, key=lambda read: (-read.confidence, read.text))[:MAX_READS]:
        lines = clean(read.text)
        if isinstance(lines, NoPlate) or not read.confidence > 0:
            continue
        text = "".join(lines)
        if len(lines) > 1 or text.startswith(grammar.marks) or text.endswith(grammar.marks):
            alone = parse(read.text, grammar)
            text = alone.text if isinstance(alone, Plate) and not alone.corrections else text
        if len(text) <= longest:
            found.append(Read(text, read.confidence))
    return found


def _placed(reads: list[Read], grammar: Grammar) -> dict[int, list[_Laid]]:
    """Every read laid upon each of the (at most three) lengths that most reads have."""
    weight: dict[int, float] = defaultdict(float)
    texts: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for read in reads:
        weight[len(read.text)] += read.confidence
        texts[len(read.text)][read.text] += read.confidence
    lengths = sorted((n for n in weight if n in grammar.by_length), key=lambda n: (-weight[n], n))[:3]
    placed = {}
    for length in lengths:
        guide = max(texts[length], key=lambda text: (texts[length][text], text))
        placed[length] = [_laid_read(read, guide) for read in reads]
    return placed


def _laid_read(read: Read, guide: str) -> _Laid:
    text = _laid(read.text, guide)
    return _Laid(text, read.confidence, len(read.text) - len(text.replace("-", "")))


def _most_likely(placed: dict[int, list[_Laid]], grammar: Grammar) -> tuple[Plate | None, float]:
    """The number with the most evidence, and the logit of its share over all numbers of all shapes."""
    best: tuple[float, str, str] | None = None
    totals: list[float] = []
    for length, reads in placed.items():
        unplaced = math.fsum(read.left_over * _MADE_UP + read.text.count("-") * _LOST for read in reads)
        scores = [_scores([(read.text[place], read.confidence) for read in reads]) for place in range(length)]
        for shape in grammar.by_length[length]:
            text, score, total = _best_of(shape, scores)
            totals.append(total + unplaced)
            refused = shape.refuse is not None and shape.refuse.search(text) is not None
            if not refused and (best is None or (score + unplaced, text) > best[:2]):
                best = (score + unplaced, text, shape.name)
    if best is None:
        return None, 0.0
    peak = max(totals)
    share = math.exp(best[0] - peak) / math.fsum(math.exp(total - peak) for total in totals)
    # One number under two shapes is counted twice below the line: that understates its share, which is the safe side.
    return Plate(best[1], best[2]), math.log(max(share, 1e-300) / max(1.0 - share, 1e-15))


def _best_of(shape: Shape, scores: list[dict[str, float]]) -> tuple[str, float, float]:
    """The shape's most likely text, its log evidence, and the log of the evidence of all its texts together."""
    out: list[str] = []
    best = total = math.log(shape.prior)
    for start, _, allowed in shape.spans:
        if len(next(iter(allowed))) == 1:
            at = scores[start]
            found = {one: at[one] + (_UNLIKELY if one in shape.unlikely else 0.0) for one in allowed}
        else:
            found = {one: sum(scores[start + i][char] for i, char in enumerate(one)) for one in allowed}
        top = max(found, key=lambda one: (found[one], one))
        peak = found[top]
        out.append(top)
        best += peak
        total += peak + math.log(sum(math.exp(score - peak) for score in found.values()))
    return "".join(out), best, total


def _scores(seen: list[tuple[str, float]]) -> dict[str, float]:
    """Log evidence for each character at one place."""
    scores = dict.fromkeys(_ALPHABET, 0.0)
    for char, confidence in seen:
        if char != "-":
            for candidate, evidence in _evidence(char, round(confidence, 2)).items():
                scores[candidate] += evidence
    return scores


@cache  # 36 characters by 101 confidences at most
def _evidence(char: str, confidence: float) -> dict[str, float]:
    """Log probability of reading ``char`` where each character stands, for a read of this confidence."""
    table = {}
    for candidate in _ALPHABET:
        known = MISREAD[candidate]
        error = min(_MOST_ERROR, max(_LEAST_ERROR, (0.02 + 0.25 * (1.0 - confidence)) * known.factor))
        spread = (1.0 - math.fsum(known.shares.values())) / (len(_ALPHABET) - 1 - len(known.shares))
        table[candidate] = math.log(1.0 - error if candidate == char else error * known.shares.get(char, spread))
    return table


def _laid(text: str, guide: str) -> str:
    """``text`` stretched or shortened to the length of ``guide``, so that most characters meet their like.

    A character that ``guide`` lacks is left out; a place that ``text`` lacks becomes ``-``.
    """
    if len(text) == len(guide):
        return text
    cost = _costs(text, guide)
    out: list[str] = []
    row, column = len(text), len(guide)
    while column:
        if row and cost[row][column] == cost[row - 1][column - 1] + _distance(text[row - 1], guide[column - 1]):
            row, column = row - 1, column - 1
            out.append(text[row])
        elif row and cost[row][column] == cost[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
            out.append("-")
    return "".join(reversed(out))


def _costs(text: str, guide: str) -> list[list[float]]:
    """Cost of turning each beginning of ``text`` into each beginning of ``guide``."""
    cost = [
        [float(row + column) if not row or not column else 0.0 for column in range(len(guide) + 1)]
        for row in range(len(text) + 1)
    ]
    for row in range(1, len(text) + 1):
        for column in range(1, len(guide) + 1):
            swapped = cost[row - 1][column - 1] + _distance(text[row - 1], guide[column - 1])
            cost[row][column] = min(swapped, cost[row - 1][column] + 1, cost[row][column - 1] + 1)
    return cost


def _distance(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if other in LETTERS_OF_DIGIT.get(one, DIGIT_OF_LETTER.get(one, "-")) else 1.0
