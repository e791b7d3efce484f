"""RTMS as a folder of CSV exports: ``*session_wise_production*.csv`` and ``*supervisors*.csv``.

Any number of files, any number of days in each. Comma, semicolon or tab; UTF-8 with or without a mark, UTF-16 or
Windows-1252; quoted line breaks; ``NULL`` as SQL Server's tools write it. Values stay texts: the contract reads them.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TextIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from factory_pipelines.production.cleaning import UnacceptableError, parse_day
from factory_pipelines.production.rtms import RTMS_COLUMNS, SUPERVISOR_COLUMNS, RtmsUnavailableError, RtmsUnusableError

PRODUCTION_FILES = "*session_wise_production*.csv"
SUPERVISOR_FILES = "*supervisors*.csv"

_BLOCK_BYTES = 8 << 20
_DELIMITERS = ",;\t|"
_HEADER_REMEDY = "Export the table again with RTMS' own column names as the first line"
_DAMAGE_REMEDY = "The export is damaged or not complete yet: export it again"


@dataclass(frozen=True)
class _Format:
    """How one file is written: ``names`` are its own spellings of the columns asked for."""

    encoding: str
    delimiter: str
    names: list[str]


@dataclass
class CsvRtms:
    """The folder as an RTMS source."""

    folder: Path
    name: str = "csv"
    # Which days a file holds (None: rows without a readable day): a backfill reads each file once for a day it has.
    _days_of: dict[tuple[Path, int, int], frozenset[date | None]] = field(default_factory=dict, repr=False)

    def production(self, day: date) -> Iterator[pa.Table]:
        """The rows of ``day`` from all files, and rows whose day cannot be read: those must not vanish unseen.

        Raises:
            RtmsUnusableError: naming file, line and column, when the folder or a file is not what it should be.
            RtmsUnavailableError: when a file is written to while it is read.
        """
        for path in self._files(PRODUCTION_FILES):
            identity = _identity(path)
            known = self._days_of.get(identity)
            if known is not None and not known & {day, None}:
                continue
            days: set[date | None] = set()
            for batch in _batches(path, RTMS_COLUMNS):
                kept, present = _of_day(batch, day)
                days |= present
                if kept.num_rows:
                    yield kept
            if _identity(path) != identity:
                raise RtmsUnavailableError(
                    f"{path.name} was written to while it was read", "Pull again once the export is complete"
                )
            self._days_of[identity] = frozenset(days)

    def supervisors(self) -> pa.Table:
        """All supervisors of all supervisor files; raises as ``production`` does."""
        batches = [batch for path in self._files(SUPERVISOR_FILES) for batch in _batches(path, SUPERVISOR_COLUMNS)]
        return (
            pa.concat_tables(batches)
            if batches
            else pa.table({name: pa.nulls(0, pa.string()) for name in SUPERVISOR_COLUMNS})
        )

    def _files(self, pattern: str) -> list[Path]:
        if not self.folder.is_dir():
            raise RtmsUnusableError(
                f"{self.folder} is not a folder", "Set FACTORY_RTMS__CSV_DIR to the folder of the exports"
            )
        files = sorted(
            path for path in self.folder.iterdir() if path.is_file() and fnmatchcase(path.name.lower(), pattern)
        )
        if not files:
            raise RtmsUnusableError(
                f"{self.folder} has no file {pattern}", "Put the export there, or point FACTORY_RTMS__CSV_DIR elsewhere"
            )
        return files


def _identity(path: Path) -> tuple[Path, int, int]:
    status = path.stat()
    return path, status.st_mtime_ns, status.st_size


def _of_day(batch: pa.Table, day: date) -> tuple[pa.Table, set[date | None]]:
    """The rows to hand over for ``day``, and all days of the batch."""
    encoded = batch["TranDate"].combine_chunks().dictionary_encode()
    days = [_day_or_none(text) for text in encoded.dictionary.to_pylist()]
    wanted = pa.array([found in {day, None} for found in days], pa.bool_()).take(encoded.indices).fill_null(True)
    return batch.filter(wanted), {*days, *([None] if encoded.null_count else [])}


def _day_or_none(text: str) -> date | None:
    try:
        return parse_day(text.strip())
    except UnacceptableError:
        return None


def _batches(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    form = _recognise(path, columns)
    try:
        with arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(encoding=form.encoding, block_size=_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(form.names, pa.string()),
                include_columns=form.names,
                null_values=["", "NULL"],
                strings_can_be_null=True,
            ),
        ) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch]).rename_columns(list(columns))
    except pa.ArrowInvalid as error:
        raise RtmsUnusableError(_damage(path, form, str(error)), _DAMAGE_REMEDY) from None


def _recognise(path: Path, columns: Sequence[str]) -> _Format:
    """Encoding, delimiter and header of a file.

    Raises:
        RtmsUnusableError: naming the columns that its first line lacks or repeats.
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        lines = (next(csv.reader(_rewound(file), delimiter=delimiter), []) for delimiter in _DELIMITERS)
        delimiter, header = max(zip(_DELIMITERS, lines, strict=True), key=lambda found: len(found[1]))
    own: dict[str, str] = {}
    for spelled in header:
        if own.setdefault(_key(spelled), spelled) is not spelled and _key(spelled) in map(_key, columns):
            raise RtmsUnusableError(f"{path.name}, line 1: column {spelled.strip()} stands there twice", _HEADER_REMEDY)
    if missing := [name for name in columns if _key(name) not in own]:
        found = ", ".join(name.strip() for name in header) or "nothing"
        raise RtmsUnusableError(f"{path.name}, line 1: no column {', '.join(missing)} (found: {found})", _HEADER_REMEDY)
    arrow_encoding = "utf8" if encoding.startswith("utf-8") else encoding  # Arrow skips the UTF-8 mark itself
    return _Format(arrow_encoding, delimiter, [own[_key(name)] for name in columns])


def _key(header: str) -> str:
    """SQL Server does not tell upper from lower case in column names; neither do we."""
    return header.strip().lower()


def _rewound(file: TextIO) -> TextIO:
    file.seek(0)
    return file


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, UTF-16 where it says so, else Windows-1252.

    Raises:
        RtmsUnusableError: when it is none of them.
    """
    with path.open("rb") as file:
        marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for name in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            with path.open(encoding=name) as text:
                while text.read(_BLOCK_BYTES):
                    pass
        except UnicodeDecodeError:
            continue
        return name
    raise RtmsUnusableError(
        f"{path.name} is written neither in UTF-8 nor in UTF-16 nor in Windows-1252", "Export it as UTF-8"
    )


def _damage(path: Path, form: _Format, complaint: str) -> str:
    """Where a file stops being a table; Arrow does not count lines, so a second, slower look finds the place."""
    with path.open(encoding="utf-8-sig" if form.encoding == "utf8" else form.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=form.delimiter)
        width = len(next(rows))
        try:
            for row in rows:
                if row and len(row) != width:
                    return f"{path.name}, line {rows.line_num}: {len(row)} of {width} columns"
        except csv.Error as error:
            complaint = f"line {rows.line_num}: {error}"
    return f"{path.name}: {complaint}"
