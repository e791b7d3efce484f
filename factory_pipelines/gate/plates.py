"""From what a camera or a person wrote to the plate it says, or to the reason why it says none.

Cleaning, then the grammar, then look-alikes put right by position. A text that is a plate as it stands is never
changed, and a text that could be two plates is neither: a gate must not guess.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from factory_pipelines.gate.grammar import Grammar

MAX_TEXT_LENGTH = 64

Reason = Literal[
    "empty", "too_long", "control_characters", "foreign_script", "format", "ambiguous", "confidence", "no_agreement"
]

_LINE_BREAK = re.compile(r"[\r\n\v\f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as it is issued: capitals and digits only.

    Attributes:
        text: the number.
        format: which of the grammar's formats it has.
        corrections: look-alikes that were put right.
    """

    text: str
    format: str
    corrections: int = 0


@dataclass(frozen=True, slots=True)
class NoPlate:
    """A text that is no plate, and why; ``cleaned`` is what was left of it, None where it was not even text."""

    reason: Reason
    detail: str
    cleaned: str | None = None


def clean(text: str) -> list[str] | NoPlate:
    """The lines of ``text`` in capitals and digits, without spaces and symbols; full-width forms become plain ones."""
    if len(text) > MAX_TEXT_LENGTH:
        return NoPlate("too_long", f"{len(text)} characters; a plate with all its signs has at most {MAX_TEXT_LENGTH}")
    if text.isascii():
        wide = text.upper()
    else:
        wide = unicodedata.normalize("NFKC", text).upper()
        if len(wide) > MAX_TEXT_LENGTH:  # one ligature may stand for many letters
            return NoPlate("too_long", "too many characters once ligatures are resolved")
    lines = []
    for line in _LINE_BREAK.split(wide):
        kept = []
        for char in line:
            if "A" <= char <= "Z" or "0" <= char <= "9":
                kept.append(char)
            elif refusal := _refusal(char):
                return refusal
        if kept:
            lines.append("".join(kept))
    return lines or NoPlate("empty", "no letter or digit", "")


def parse(text: str, grammar: Grammar) -> Plate | NoPlate:
    """The plate that ``text`` says under ``grammar``, or why it says none.

    Two lines are read as one, in their order; the other order is tried when that is no plate. The country's mark
    (``IND``) is left out where it is printed beside the number.
    """
    lines = clean(text)
    if isinstance(lines, NoPlate):
        return lines
    whole = "".join(lines)
    readings = list(_readings(lines, whole, grammar))
    for reading in readings:
        if issuing := grammar.issuing(reading):
            return Plate(reading, issuing.name)
    for reading in readings:
        found = _corrected(reading, grammar)
        if found is not None:
            return found
    return NoPlate("format", f"{whole} has no format of profile {grammar.name}", whole)


def _readings(lines: list[str], whole: str, grammar: Grammar) -> list[str]:
    found = [whole]
    if len(lines) == 2:
        found.append(lines[1] + lines[0])
    for mark in grammar.marks:
        found += [text.removeprefix(mark) for text in found[:2] if text.startswith(mark)]
        found += [text.removesuffix(mark) for text in found[:2] if text.endswith(mark)]
    return found


def _corrected(text: str, grammar: Grammar) -> Plate | NoPlate | None:
    """The plate with the fewest corrections; NoPlate where two different ones need equally many."""
    best: dict[str, str] = {}
    fewest = len(text) + 1
    for shape in grammar.by_length.get(len(text), ()):
        mended = shape.corrected(text)
        if mended is None or mended[1] > fewest:
            continue
        if mended[1] < fewest:
            fewest, best = mended[1], {}
        best.setdefault(mended[0], shape.name)
    if not best:
        return None
    if len(best) > 1:
        return NoPlate("ambiguous", f"{text} may be {' or '.join(sorted(best))}", text)
    [(found, name)] = best.items()
    return Plate(found, name, fewest)


def _refusal(char: str) -> NoPlate | None:
    category = unicodedata.category(char)
    if category[0] in "ZPS" or char in "\t\ufe0f":
        return None
    if category[0] == "C":
        return NoPlate("control_characters", f"the text holds the control character U+{ord(char):04X}")
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    return NoPlate("foreign_script", f"{name} is no letter or digit of a plate of this gate")
