"""Taking in files of punches: each once by its content, whole or not at all, and never one that is still being written.

The inbox has a folder for each source; its `format.toml` says how that source writes. Files stay where they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from factory_pipelines.attendance.events import PunchEvent, Refusal, read_event
from factory_pipelines.attendance.ingest import store_punches, store_refusals
from factory_pipelines.attendance.punch_files import FileError, FileFormat, FileLine, read_format, read_lines
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

FORMAT_FILE = "format.toml"
_ENDINGS = frozenset({".csv", ".txt", ".tsv", ".dat"})
_MEGABYTE = 1_000_000


class InboxError(OSError):
    """The inbox or a file in it cannot be used now; the message says what to do."""


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that nobody has read yet, and the source it comes from."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of a file.

    Attributes:
        status: `taken`, `known` (the same content was taken before) or `refused` as a whole.
        reason: why it was refused, and what to do.
        rows: rows read: accepted, duplicates and refused; of a known file those of its first time.
        accepted: new punches.
        duplicates: punches that were known.
        refused: rows that are no punches; they are kept in `attendance.refusals`.
    """

    status: str
    reason: str | None
    rows: int
    accepted: int
    duplicates: int
    refused: int


def waiting_files(warehouse: Warehouse, settings: Settings, *, now: datetime) -> list[WaitingFile]:
    """Files in the inbox that are whole and have not been read; none where no inbox is configured.

    A file is whole when nobody has written to it for `FACTORY_ATTENDANCE__INBOX_SETTLE_S`.

    Raises:
        InboxError: the inbox is no folder, or cannot be read.
    """
    if settings.attendance.inbox is None:
        return []
    settled = now - timedelta(seconds=settings.attendance.inbox_settle_s)
    seen = {
        (r["source"], r["file_name"], r["size_bytes"], r["modified_at"]): r["status"] == "taken" or r["format_hash"]
        for r in warehouse.rows("attendance/seen_files")
    }
    found = []
    for source, path in _files(settings.attendance.inbox):
        status = path.stat()
        look = (source, path.name, status.st_size, _modified(status))
        known = seen.get(look)  # a refused file waits again once its source is described otherwise
        if look[3] <= settled and known is not True and known != _hash_of(path.parent / FORMAT_FILE):
            found.append(WaitingFile(path, source))
    return found


def import_inbox(warehouse: Warehouse, settings: Settings, *, now: datetime) -> list[FileResult]:
    """Takes in what waits in the inbox, each file in its own transaction.

    Raises:
        InboxError: the inbox cannot be read; or a file cannot, once all the others have been taken.
    """
    done, unread = [], []
    for file in waiting_files(warehouse, settings, now=now):
        try:
            done.append(import_file(warehouse, settings, file.path, source=file.source, now=now))
        except InboxError as error:
            unread.append(error)
    if unread:
        raise unread[0]
    return done


def import_file(
    warehouse: Warehouse, settings: Settings, path: Path, *, source: str, now: datetime, form: Path | None = None
) -> FileResult:
    """Reads a file and stores what its rows are, in one transaction.

    Args:
        warehouse: as the writer.
        settings: for the zone, the tolerance and the largest size.
        path: the file.
        source: what its punches are said to come from.
        now: the present.
        form: its description; default: `format.toml` beside it, where there is one.

    Raises:
        InboxError: the file cannot be read, or was written to meanwhile.
    """
    try:
        before = path.stat()
        is_small = before.st_size <= settings.attendance.inbox_max_mb * _MEGABYTE
        content = path.read_bytes() if is_small else f"{before.st_size} {before.st_mtime_ns}".encode()
        after = path.stat()
    except OSError as error:
        raise InboxError(f"{path}: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InboxError(f"{path}: it is being written to; try again once the export is complete")
    described = form or path.parent / FORMAT_FILE
    facts = {
        "source": source,
        "content_hash": sha256(content).hexdigest(),
        "file_name": path.name,
        "size_bytes": before.st_size,
        "modified_at": _modified(before),
        "format_hash": _hash_of(described),
        "now": now,
    }
    try:
        if not is_small:
            most = settings.attendance.inbox_max_mb
            raise FileError(f"it is larger than {most} MB; see FACTORY_ATTENDANCE__INBOX_MAX_MB")
        lines = list(read_lines(content, _read_format(described, is_given=form is not None)))
        reason = None
    except FileError as error:
        lines, reason = [], str(error)
    return _store(warehouse, settings, facts, lines, reason)


def _store(
    warehouse: Warehouse, settings: Settings, facts: dict[str, Any], lines: Sequence[FileLine], reason: str | None
) -> FileResult:
    now, zone = facts["now"], settings.plant.clock().zone
    tolerance = timedelta(minutes=settings.attendance.future_tolerance_min)
    read = [_read(line, facts, zone=zone, now=now, tolerance=tolerance) for line in lines]
    punches = [one for one in read if isinstance(one, PunchEvent)]
    refused = [one for one in read if isinstance(one, Refusal)]
    if reason is not None:
        event = {"file": facts["file_name"], "content_hash": facts["content_hash"]}
        refused = [Refusal("file", "file_unreadable", f"{facts['file_name']}: {reason}", facts["source"], event)]
    with warehouse.transaction() as conn:
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('attendance.punch_files', 0))")
        with conn.cursor(row_factory=dict_row) as cursor:
            known = cursor.execute(load_sql("attendance/see_file"), facts).fetchone()
        if known is not None:
            known["rows"] = known.pop("row_count")
            return FileResult(**{**known, "status": "known" if known["status"] == "taken" else "refused"})
        accepted = store_punches(conn, punches, zone=zone, now=now)
        store_refusals(conn, refused, now=now)
        result = FileResult(
            "taken" if reason is None else "refused",
            reason,
            rows=len(read),
            accepted=accepted,
            duplicates=len(punches) - accepted,
            refused=len(read) - len(punches),
        )
        counts = {name: getattr(result, name) for name in ("status", "reason", "accepted", "duplicates", "refused")}
        conn.execute(load_sql("attendance/note_file"), {**facts, **counts, "row_count": result.rows})
        return result


def _read(line: FileLine, facts: dict[str, Any], **how: Any) -> PunchEvent | Refusal:
    source, name = facts["source"], facts["file_name"]
    kept = {"file": name, "line": line.number, "cells": dict(line.cells)}
    if line.event is None:
        detail = "its cells are not those of the header; is the row whole, is there a delimiter in a value?"
        return Refusal("row", "row_incomplete", f"{name}, line {line.number}: {detail}", source, kept)
    read = read_event({**line.event, "source": source}, **how)
    if isinstance(read, Refusal):
        return replace(read, detail=f"{name}, line {line.number}: {read.detail}", event=kept)
    return read


def _files(inbox: Path) -> Iterator[tuple[str, Path]]:
    """Source and path of each file of the inbox, those that programs are still making left out."""
    try:
        folders = sorted(path for path in inbox.iterdir() if path.is_dir() and not path.name.startswith("."))
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() in _ENDINGS and not path.name.startswith((".", "~")) and path.is_file():
                    yield folder.name, path
    except OSError as error:
        remedy = "set FACTORY_ATTENDANCE__INBOX to a folder that holds a folder for each source"
        raise InboxError(f"{error.filename}: {error.strerror}; {remedy}") from error


def _read_format(path: Path, *, is_given: bool) -> FileFormat:
    if not is_given and not path.is_file():
        return FileFormat()
    try:
        return read_format(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path.name}: {error}") from error


def _hash_of(path: Path) -> str:
    return sha256(path.read_bytes() if path.is_file() else b"").hexdigest()


def _modified(status: Any) -> datetime:
    # As PostgreSQL keeps it: to the microsecond, by whole numbers.
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=status.st_mtime_ns // 1000)
