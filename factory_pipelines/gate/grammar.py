"""What plates look like: shapes of a fixed length, read position by position.

A shape is written as a template: ``L`` a letter, ``D`` a digit, ``X`` either, ``[MH|KA]`` one of these, anything else
itself. ``LLDDLLL`` is a British plate. A grammar is a set of shapes; ``IN`` and ``IN_STRICT`` are India's, ``GENERIC``
accepts four to ten letters and digits, and other countries come from configuration.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import product
from string import ascii_uppercase, digits

# What OCR takes for one another; the first of a digit's letters is what it becomes where any letter may stand.
LETTERS_OF_DIGIT = {"0": "ODQ", "1": "IL", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "T", "8": "B"}
DIGIT_OF_LETTER = {letter: digit for digit, letters in LETTERS_OF_DIGIT.items() for letter in letters}

_LETTER, _DIGIT, _EITHER = ascii_uppercase, digits, ascii_uppercase + digits
_CLASSES = {"L": _LETTER, "D": _DIGIT, "X": _EITHER}
_TOKEN = re.compile(r"\[([A-Z0-9|]+)\]|([LDX])|([A-Z0-9])")

# Every code ever painted on a plate: the present ones, and OR, UA, DN, TG beside OD, UK, DD, TS.
# fmt: off
INDIAN_STATES = (
    "AN", "AP", "AR", "AS", "BR", "CG", "CH", "DD", "DL", "DN", "GA", "GJ", "HP", "HR", "JH", "JK", "KA", "KL", "LA",
    "LD", "MH", "ML", "MN", "MP", "MZ", "NL", "OD", "OR", "PB", "PY", "RJ", "SK", "TN", "TR", "TS", "TG", "UA", "UK",
    "UP", "WB",
)
# fmt: on


class TemplateError(ValueError):
    """A configured template that means nothing."""


@dataclass(frozen=True)
class Shape:
    """One format of a fixed length.

    Attributes:
        name: the format's name, such as ``bharat``.
        parts: for each part, what may stand there; all of a part's alternatives have one length.
        max_corrections: so many look-alikes may be put right; beyond, the text is something else.
        refuse: a pattern of texts that fit the template and are never issued, such as number 0000.
        prior: how common such plates are beside the most common; only the agreement of several reads asks.
        unlikely: letters that series avoid: accepted where they are read, but nothing is corrected to them.
    """

    name: str
    parts: tuple[tuple[str, ...], ...]
    max_corrections: int = 2
    refuse: re.Pattern[str] | None = None
    prior: float = 1.0
    unlikely: str = ""

    @cached_property
    def length(self) -> int:
        """Characters."""
        return sum(len(part[0]) for part in self.parts)

    @cached_property
    def spans(self) -> tuple[tuple[int, int, frozenset[str]], ...]:
        """Start, end and alternatives of each part."""
        found, start = [], 0
        for part in self.parts:
            end = start + len(part[0])
            found.append((start, end, frozenset(part)))
            start = end
        return tuple(found)

    def issues(self, text: str) -> bool:
        """Whether ``text`` is a plate of this shape as it stands."""
        return (
            len(text) == self.length
            and all(text[start:end] in allowed for start, end, allowed in self.spans)
            and not (self.refuse and self.refuse.search(text))
        )

    def corrected(self, text: str) -> tuple[str, int] | None:
        """``text`` with look-alikes put right by position, and how many; None where that does not make a plate."""
        out: list[str] = []
        count = 0
        for start, end, allowed in self.spans:
            piece = text[start:end]
            if piece not in allowed:
                mended = _mend(piece, allowed, self.unlikely)
                if mended is None:
                    return None
                count += sum(a != b for a, b in zip(piece, mended, strict=True))
                if count > self.max_corrections:
                    return None
                piece = mended
            out.append(piece)
        whole = "".join(out)
        return None if self.refuse and self.refuse.search(whole) else (whole, count)


@dataclass(frozen=True)
class Grammar:
    """The shapes a gate accepts.

    Attributes:
        name: the profile's name.
        shapes: in order of preference.
        marks: what is printed beside the number and may be read with it, such as ``IND``.
    """

    name: str
    shapes: tuple[Shape, ...]
    marks: tuple[str, ...] = ()
    by_length: Mapping[int, tuple[Shape, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lengths: dict[int, list[Shape]] = defaultdict(list)
        for shape in self.shapes:
            lengths[shape.length].append(shape)
        object.__setattr__(self, "by_length", {length: tuple(found) for length, found in lengths.items()})

    def issuing(self, text: str) -> Shape | None:
        """The shape that ``text`` has as it stands."""
        return next((shape for shape in self.by_length.get(len(text), ()) if shape.issues(text)), None)


def shape(
    name: str,
    template: str,
    *,
    max_corrections: int = 2,
    refuse: str | None = None,
    prior: float = 1.0,
    unlikely: str = "",
) -> Shape:
    """A shape from its template.

    Raises:
        TemplateError: when the template is empty, too long, or has alternatives of different lengths.
    """
    parts: list[tuple[str, ...]] = []
    at = 0
    for token in _TOKEN.finditer(template):
        if token.start() != at:
            break
        at = token.end()
        alternatives, cls, literal = token.groups()
        choice = alternatives.split("|") if alternatives else list(_CLASSES[cls]) if cls else [literal]
        if not all(choice) or len({len(one) for one in choice}) != 1:
            raise TemplateError(f"format {name}: alternatives in [{alternatives}] must be equally long")
        parts.append(tuple(choice))
    if at != len(template) or not parts:
        raise TemplateError(f"format {name}: write L, D, X, [AB|CD] or plain capitals and digits, not {template!r}")
    made = Shape(name, tuple(parts), max_corrections, re.compile(refuse) if refuse else None, prior, unlikely)
    if not 3 <= made.length <= 16:
        raise TemplateError(f"format {name}: plates have 3 to 16 characters")
    return made


def grammar_for(profile: str, formats: Iterable[str] = ()) -> Grammar:
    """The grammar of a profile; ``formats`` (``name:template``) make the profile ``CUSTOM`` or extend another one.

    Raises:
        TemplateError: when the profile is unknown, a format is malformed, or ``CUSTOM`` has none.
    """
    return _grammar_for(profile, tuple(formats))


@lru_cache(maxsize=32)
def _grammar_for(profile: str, formats: tuple[str, ...]) -> Grammar:
    if profile != "CUSTOM" and profile not in PROFILES:
        raise TemplateError(f"there is no plate profile {profile!r}: use {', '.join([*PROFILES, 'CUSTOM'])}")
    extra = []
    for written in formats:
        name, colon, template = written.partition(":")
        if not colon or not name:
            raise TemplateError(f"format {written!r}: write name:template, such as uk:LLDDLLL")
        extra.append(shape(name, template))
    base = PROFILES.get(profile, Grammar("CUSTOM", ()))
    if not base.shapes and not extra:
        raise TemplateError("the profile CUSTOM needs formats, such as uk:LLDDLLL")
    return Grammar(base.name, (*base.shapes, *extra), base.marks) if extra else base


def _mend(piece: str, allowed: frozenset[str], unlikely: str) -> str | None:
    """The only alternative that ``piece`` may be a misreading of; None where there is none, or more than one."""
    if len(piece) == 1:
        if piece in LETTERS_OF_DIGIT:
            letter = LETTERS_OF_DIGIT[piece][0]
            return letter if letter in allowed and letter not in unlikely else None
        digit = DIGIT_OF_LETTER.get(piece)
        return digit if digit in allowed else None
    readings = product(*[(c, *LETTERS_OF_DIGIT.get(c, ""), *DIGIT_OF_LETTER.get(c, "")) for c in piece])
    found = {reading for reading in map("".join, readings) if reading in allowed}
    return found.pop() if len(found) == 1 else None


def _indian() -> Iterator[Shape]:
    state = f"[{'|'.join(INDIAN_STATES)}]"
    unissued = r"^..00|0000$"  # districts count from 01, numbers from 0001
    for series in ("LL", "L", "LLL"):
        yield shape("standard", f"{state}DD{series}DDDD", refuse=unissued)
        yield shape("delhi", f"[DL]D{series}DDDD", refuse="^DL0|0000$")
    # Eight characters say little: a serial number with one letter in it would do.
    yield shape("seriesless", f"{state}DDDDDD", max_corrections=1, refuse=unissued, prior=0.02)
    yield shape("delhi_seriesless", "[DL]DDDDD", max_corrections=0, refuse="^DL0|0000$", prior=0.001)
    for letters in ("LL", "L"):
        yield shape(
            "bharat", f"[21|22|23|24|25|26|27|28|29|30|31|32|33|34|35]BHDDDD{letters}", max_corrections=1, prior=0.05
        )
        yield shape("temporary", f"T{_MONTHS}DD{state}DDDD{letters}", max_corrections=1, prior=0.05)
    yield shape("vintage", f"{state}VALLDDDD", max_corrections=1, refuse="0000$", prior=0.01)
    yield shape("military", "DDLDDDDDDL", max_corrections=0, prior=0.001)
    yield shape("military", "DDLDDDDDL", max_corrections=0, prior=0.001)
    for country in ("D", "DD", "DDD"):
        for number in ("D", "DD", "DDD", "DDDD"):
            if len(country + number) > 2:
                yield shape(
                    "diplomatic", f"{country}[CD|CC|UN]{number}", max_corrections=0, refuse=r"^0|[A-Z]0+$", prior=0.001
                )


_MONTHS = f"[{'|'.join(f'{month:02d}' for month in range(1, 13))}]"

PROFILES: Mapping[str, Grammar] = {
    "IN": Grammar("IN", tuple(replace(one, unlikely="IO") for one in _indian()), ("IND",)),
    # The seed's pattern, to the letter: ^[A-Z]{2}[0-9]{2}[A-Z]{1,2}[0-9]{4}$
    "IN_STRICT": Grammar("IN_STRICT", (shape("standard", "LLDDLLDDDD"), shape("standard", "LLDDLDDDD")), ("IND",)),
    "GENERIC": Grammar(
        "GENERIC",
        tuple(shape("generic", "X" * n, max_corrections=0, refuse=r"^[A-Z]+$|^[0-9]+$|^(.)\1+$") for n in range(4, 11)),
    ),
}
