"""Files that terminals export: text with delimiters, as events that ``events.read_event`` judges one by one.

Pure: bytes in, lines out. What a file means is never guessed: its columns are recognised by name or configured, its
encoding is that of its first bytes, UTF-8, or configured, and a file whose dates only make sense the other way round is
refused whole.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

_KINDS = {
    "encoding": str,
    "delimiter": str,
    "day_first": bool,
    "skip_lines": int,
    "columns": dict,
    "directions": dict,
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = (",", ";", "\t", "|")
_OURS = ("employee_id", "time", "date", "direction", "device")
# Names that terminals and their software give to columns, without spaces, signs and case.
_KNOWN = {
    "employee_id": ["employeeid", "employeecode", "empcode", "empid", "userid", "acno", "enno", "badgenumber"],
    "time": ["datetime", "dateandtime", "timestamp", "punchtime", "checktime", "punchedat", "eventtime", "time"],
    "date": ["date", "punchdate", "logdate"],
    "direction": ["direction", "state", "status", "checktype", "inout", "punchstate", "attendancestate"],
    "device": ["device", "deviceid", "terminal", "terminalid", "machine", "machineno", "sensorid", "door"],
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ](\d{4}|\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?(4)[Mm]\.?)")


class FileError(ValueError):
    """A file that cannot be read as a whole; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a source writes its files (`format.toml` in its folder).

    Attributes:
        encoding: name of a codec; `auto`: by the first bytes, else UTF-8.
        delimiter: one character; `auto`: that with which the header names the columns.
        day_first: 08/09/2025 is the eighth of September; false: the ninth of August. A year in front says it itself.
        skip_lines: lines before the header.
        columns: ours to theirs: names in the header, or numbers from 1 where there is none. `date` and `time`, or
            `time` alone with both in it.
        directions: theirs to `in` or `out`, beyond the usual words.
    """

    encoding: str = "auto"
    delimiter: str = "auto"
    day_first: bool = True
    skip_lines: int = 0
    columns: Mapping[str, str | int] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The same for formats that read every file alike."""
        return sha256(
            repr(
                (
                    *(getattr(self, n) for n in ("encoding", "delimiter", "day_first", "skip_lines")),
                    sorted(self.columns.items()),
                    sorted(self.directions.items()),
                )
            ).encode()
        ).hexdigest()


@dataclass(frozen=True, slots=True)
class FileLine:
    """One row: where it begins, what its cells say, and the event it is; None where it has not the header's cells."""

    number: int
    cells: Mapping[str, str]
    event: Mapping[str, Any] | None


def read_format(text: str) -> FileFormat:
    """A `format.toml`.

    Raises:
        FileError: naming the line, or the key that is unknown or has the wrong kind of value.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"format.toml: {error}") from error
    kinds = {
        "encoding": str,
        "delimiter": str,
        "day_first": bool,
        "skip_lines": int,
        "columns": dict,
        "directions": dict,
    }
    for name, value in given.items():
        if name not in kinds:
            raise FileError(f"format.toml: there is no {name}; there are {', '.join(kinds)}")
        if type(value) is not kinds[name]:
            raise FileError(f"format.toml: {name} must be a {kinds[name].__name__}, not {value!r}")
    _check_columns(given.get("columns", {}))
    words = {}
    for direction, said in given.pop("directions", {}).items():
        if direction not in ("in", "out") or not isinstance(said, list):
            raise FileError(
                'format.toml: directions are lists of words, as in in = ["C/In", "0"] and out = ["C/Out", "1"]'
            )
        words.update({str(word).strip().lower(): direction for word in said})
    form = FileFormat(**given, directions=words)
    if form.delimiter != "auto" and len(form.delimiter) != 1:
        raise FileError(f"format.toml: delimiter must be one character, not {form.delimiter!r}")
    if form.skip_lines < 0:
        raise FileError("format.toml: skip_lines cannot be negative")
    return form


def read_lines(content: bytes, form: FileFormat) -> Iterator[FileLine]:
    """The rows of a file, blank ones left out.

    Raises:
        FileError: it is not text in this encoding, has no such columns, or its dates are the other way round.
    """
    lines = list(io.StringIO(_decoded(content, form), newline=""))[form.skip_lines :]
    if not any(line.strip() for line in lines):
        raise FileError("the file is empty; delete it, or export it again")
    delimiter, header, places = _header(lines, form)
    reader = csv.reader(lines, delimiter=delimiter)
    if header is not None:
        next(reader)
    begins = reader.line_num + form.skip_lines + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _line(begins, cells, header, places, form)
            begins = reader.line_num + form.skip_lines + 1
    except csv.Error as error:
        raise FileError(f"line {begins}: {error}; export the file again") from error


def _check_columns(columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        if name not in _OURS:
            raise FileError(f"format.toml: there is no column {name}; there are {', '.join(_OURS)}")
        if isinstance(value, bool) or not isinstance(value, str | int) or (isinstance(value, int) and value < 1):
            raise FileError(f"format.toml: column {name} must be a name in the header, or a number from 1")
    if len({type(value) for value in columns.values()}) > 1:
        raise FileError("format.toml: give all columns by name, or all by number")
    if columns and not {"employee_id", "time"} <= columns.keys():
        raise FileError("format.toml: columns must name employee_id and time (and date, where it has its own column)")


def _decoded(content: bytes, form: FileFormat) -> str:
    encoding = form.encoding
    if encoding == "auto":
        encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(f"line {line}: no {encoding}; set encoding in format.toml, such as cp1252 or utf-16") from error
    except LookupError as error:
        raise FileError(f"format.toml: there is no encoding {encoding}") from error


def _header(lines: Sequence[str], form: FileFormat) -> tuple[str, list[str] | None, dict[str, int]]:
    """Delimiter, header (None: the file has none), and where our columns stand in it."""
    candidates = _DELIMITERS if form.delimiter == "auto" else (form.delimiter,)
    if any(isinstance(value, int) for value in form.columns.values()):
        places = {name: int(value) - 1 for name, value in form.columns.items()}
        widths = {mark: len(next(csv.reader([lines[0]], delimiter=mark))) for mark in candidates}
        return max(candidates, key=lambda mark: widths[mark]), None, places
    seen: list[str] = []
    for mark in candidates:
        header = [cell.strip() for cell in next(csv.reader([lines[0]], delimiter=mark))]
        places = _places(header, form.columns)
        if {"employee_id", "time"} <= places.keys() and places.keys() >= form.columns.keys():
            return mark, header, places
        seen = max(seen, header, key=len)
    wanted = ", ".join(map(str, form.columns.values())) or "those of an employee and a time"
    named = ", ".join(seen)[:200]
    raise FileError(f"line {form.skip_lines + 1}: no columns {wanted}, but {named}; set columns in format.toml")


def _places(header: Sequence[str], columns: Mapping[str, str | int]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in header]
    if columns:
        return {name: header.index(str(theirs)) for name, theirs in columns.items() if theirs in header}
    found = {}
    for name, known in _KNOWN.items():
        for theirs in known:
            if theirs in plain:
                found[name] = plain.index(theirs)
                break
    if "time" in found and plain[found["time"]] != "time":
        found.pop("date", None)  # a column that holds both needs no date beside it
    return found


def _line(
    number: int, cells: Sequence[str], header: Sequence[str] | None, places: Mapping[str, int], form: FileFormat
) -> FileLine:
    names = header if header is not None else [str(place + 1) for place in range(len(cells))]
    said = dict(zip(names, cells, strict=False))
    # More cells than columns are no harm where they are blank: many exports end each row with a delimiter.
    if len(cells) < len(names) or max(places.values()) >= len(cells) or any(c.strip() for c in cells[len(names) :]):
        return FileLine(number, said, None)
    given = {name: cells[place].strip() for name, place in places.items()}
    moment = " ".join(given[name] for name in ("date", "time") if name in given)
    direction = given.get("direction", "")
    event = {
        "employee_id": given["employee_id"],
        "time": iso_time(moment, day_first=form.day_first, line=number) or moment,
        "direction": form.directions.get(direction.lower(), direction),
        "device": given.get("device"),
    }
    return FileLine(number, said, event)


def iso_time(text: str, *, day_first: bool, line: int) -> str | None:
    """A date and a time of day as ISO 8601, offset kept; None when it is neither written so nor any other known way.

    Whether there is such a time (31 June, 25:61) is decided by whoever reads it.

    Raises:
        FileError: the date makes sense only the other way round: then the days up to the twelfth would be misread too.
    """
    text = text.strip()
    day = _YEAR_FIRST.match(text)
    if day:
        year, _, month, of_month = day.groups()
    elif day := _YEAR_LAST.match(text):
        first, second, year = day.groups()
        of_month, month = (first, second) if day_first or not second.isdigit() else (second, first)
        if not month.isdigit():
            name = month[:3].lower()
            month = str(_MONTHS.index(name) + 1 if name in _MONTHS else 0)
        elif int(month) > 12 >= int(of_month):
            order = "false" if day_first else "true"
            raise FileError(
                f"line {line}: {day[0]} is a date the other way round; set day_first = {order} in format.toml"
            )
        year = year if len(year) == 4 else f"20{year}"
    else:
        return None
    clock = _CLOCK.match(text[day.end() :].lstrip(" T,"))
    if clock is None:
        return None
    hour, minute, second, half = clock.groups()
    if half is not None:
        if not 1 <= int(hour) <= 12:
            return None
        hour = str(int(hour) % 12 + (12 if half in "pP" else 0))
    rest = text[day.end() :].lstrip(" T,")[clock.end() :].strip()
    return f"{year}-{month:0>2}-{of_month:0>2}T{hour:0>2}:{minute}:{second or '00'}{rest}"
