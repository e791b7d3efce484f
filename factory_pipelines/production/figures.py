"""Which numbers of a text are not in the facts. What is not a known figure was invented.

Tolerated: rounding (87 or 87.3 for 87.34), signs (a drop of 3.2 for −3.2), percent signs, thousands separators, list
numbers, names with digits as they stand in the facts, and dates of the facts in the usual spellings. Number words are
out of scope. The check proves that a number exists, not that it is said of the right thing.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

_GROUPED = r"\d{1,3}(?:[,\u00a0\u202f]\d{2,3})*[,\u00a0\u202f]\d{3}(?!\d)"
_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "lakh": 1e5,
    "lakhs": 1e5,
    "million": 1e6,
    "crore": 1e7,
    "crores": 1e7,
    "billion": 1e9,
}
_NUMBER = re.compile(
    rf"(?P<whole>{_GROUPED}|\d+|(?=\.\d))(?P<decimals>\.\d+)?(?P<power>[eE][+-]?\d+)?"
    rf"(?:\s?(?P<scale>{'|'.join(_SCALES)})\b)?",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"(?m)^\s*\d{1,2}[.)]\s+")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_GAP = r"[\s\-_/]+"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"


def unknown_numbers(text: str, facts: Mapping[str, Any]) -> list[str]:
    """The numbers in ``text`` that no fact accounts for, as written; empty when all are known."""
    numbers, strings = _leaves(facts)
    dates = {date.fromisoformat(found) for value in strings for found in _ISO_DATE.findall(value)}
    numbers |= {float(day.year) for day in dates}
    rest = _LIST_NUMBER.sub(" ", text)
    for day in dates:
        rest = _spellings(day).sub(" ", rest)
    for name in sorted(strings, key=len, reverse=True):
        rest = _as_written(name).sub(" ", rest)
    unknown = [match.group() for match in _NUMBER.finditer(rest) if not _is_known(match, numbers)]
    # ½, ², Ⅳ …: digits to a reader, but not to float(); no fact is written with them.
    return unknown + [sign for sign in rest if sign.isnumeric() and not sign.isdecimal()]


def _leaves(facts: Mapping[str, Any]) -> tuple[set[float], set[str]]:
    """All numbers (as absolute values), and all strings that hold a digit."""
    numbers: set[float] = set()
    strings: set[str] = set()
    for value in _walk(facts):
        if isinstance(value, str):
            strings.add(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            numbers.add(abs(float(value)))
    return numbers, {text for text in strings if any(sign.isnumeric() for sign in text)}


def _walk(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(inner)
    else:
        yield value


def _is_known(match: re.Match[str], numbers: set[float]) -> bool:
    whole = re.sub(r"\D", "", match["whole"]) or "0"
    decimals, power = match["decimals"] or "", match["power"] or ""
    unit = float(f"1{power}") * _SCALES.get((match["scale"] or "").lower(), 1.0)
    value = float(whole + decimals) * unit
    rounding = 0.5 * 10.0 ** -max(len(decimals) - 1, 0) * unit + 1e-9
    return any(abs(value - number) <= rounding for number in numbers)


def _as_written(name: str) -> re.Pattern[str]:
    """A name as a person would type it: any case, blanks and hyphens exchanged, but whole."""
    parts = [re.escape(part) for part in re.split(_GAP, name) if part]
    return re.compile(rf"(?<![\w.,]){_GAP.join(parts)}(?!\w|[.,]\d|\s*%)", re.IGNORECASE)


def _spellings(day: date) -> re.Pattern[str]:
    month = _MONTHS.split("|")[day.month - 1]
    name = rf"(?:{month}|{month[:3]}\.?)"
    number = rf"0?{day.day}(?:st|nd|rd|th)?"
    year = rf"(?:,?\s+{day.year})?"
    return re.compile(
        rf"\b(?:{day.isoformat()}|{number}\s+(?:of\s+)?{name}{year}|{name}\s+{number}{year}"
        rf"|0?{day.day}[./-]0?{day.month}[./-]{day.year}|0?{day.month}/0?{day.day}/{day.year})(?!\w)",
        re.IGNORECASE,
    )
