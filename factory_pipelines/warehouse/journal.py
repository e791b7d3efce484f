"""Records on their way to the database: on disk before anything else, then handed over in order and in batches.

For what comes many times a second, from one process. A folder of segments, each a file of JSON lines named by the
number of its first record, and a bookmark that says how many records the database has. A crash between handing over and
moving the bookmark hands a batch over twice: records carry a key of their own, so that a second time changes nothing.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice, pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import fasteners  # type: ignore[import-untyped]
import structlog

_log = structlog.get_logger(__name__)

Record = dict[str, Any]

_SEGMENT_BYTES = 4_000_000


class JournalFullError(RuntimeError):
    """As many bytes wait as may: what waits was promised, so the new record is the one that is lost."""


class JournalTakenError(RuntimeError):
    """Another process writes to this folder."""


class Journal:
    """One folder of waiting records, of one process; ``add`` and ``drain`` may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        hopeless: tuple[type[Exception], ...] = (),
        segment_bytes: int = _SEGMENT_BYTES,
    ) -> None:
        """Takes the folder and finds what the last process left.

        Args:
            folder: made when it is not there.
            max_bytes: of records that wait.
            hopeless: what handing over raises for a record that will never be taken.
            segment_bytes: a file longer than this is followed by another.

        Raises:
            JournalTakenError: when another process has it.
            OSError: when the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._owner = fasteners.InterProcessLock(folder / "owner.lock")
        if not self._owner.acquire(blocking=False):
            if self._owner.lockfile is not None:  # fasteners leaves it open
                self._owner.lockfile.close()
            raise JournalTakenError(f"another process has {folder}")
        self._folder = folder
        self._max_bytes = max_bytes
        self._hopeless = hopeless
        self._segment_bytes = segment_bytes
        self._appending = Lock()
        self._draining = Lock()
        self._done = self._bookmark()
        self._sizes: dict[int, int] = {}
        self._next = self._done
        self._recover()
        self._file: Any = None
        self._file_bytes = 0

    @property
    def waiting(self) -> int:
        """Records that the database has not got."""
        return self._next - self._done

    @property
    def waiting_bytes(self) -> int:
        """Size of the files they are in."""
        return sum(tuple(self._sizes.values()))

    def add(self, records: Sequence[Record]) -> None:
        """Keeps ``records`` until they are handed over; they are on disk when this returns.

        Raises:
            JournalFullError: when there is no room; none of them is kept.
            OSError: when the disk takes nothing.
        """
        if not records:
            return
        text = "".join(json.dumps(record, default=_plain) + "\n" for record in records).encode()
        with self._appending:
            if self.waiting_bytes + len(text) > self._max_bytes:
                raise JournalFullError(f"{self.waiting} records wait already, {self.waiting_bytes / 1e6:.1f} MB")
            if self._file is None or self._file_bytes >= self._segment_bytes:
                self._begin_segment()
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file_bytes += len(text)
            self._sizes[max(self._sizes)] = self._file_bytes
            self._next += len(records)

    def drain(self, hand_over: Callable[[list[Record]], None], *, batch: int = 500) -> int:
        """Hands everything that waits to ``hand_over``, oldest first; returns how many records left the journal.

        Any exception of ``hand_over`` ends the round and keeps the rest. Where it is one of ``hopeless``, the records
        of that batch are handed over one by one, and those to blame go to ``refused.jsonl`` beside the segments.
        """
        moved = 0
        with self._draining:
            for count, records in self._batches(batch):
                try:
                    hand_over(records)
                except self._hopeless:
                    self._one_by_one(records, hand_over)
                self._move_bookmark(self._done + count)
                moved += count
            self._tidy()
        return moved

    def close(self) -> None:
        """Gives the folder back; what waits stays."""
        with self._appending, self._draining:
            if self._file is not None:
                self._file.close()
                self._file = None
            if self._owner.acquired:
                self._owner.release()

    def _one_by_one(self, records: list[Record], hand_over: Callable[[list[Record]], None]) -> None:
        for record in records:
            try:
                hand_over([record])
            except self._hopeless as error:
                _log.error("a waiting record was refused", journal=str(self._folder), reason=str(error))
                with (self._folder / "refused.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**record, "refused": str(error)}, default=_plain) + "\n")

    def _batches(self, size: int) -> Iterator[tuple[int, list[Record]]]:
        """What waits now, in order, and in how many lines it stood; what is added meanwhile is for the next round."""
        end = self._next
        while self._done < end:
            before = self._done
            first = max((number for number in self._sizes if number <= before), default=before)
            path = self._path(first)
            if path.exists():
                with path.open("r", encoding="utf-8", errors="replace") as file:
                    lines = islice(file, before - first, None)
                    # Never beyond what was there at the beginning: later lines may not be synced yet.
                    while chunk := list(islice(lines, min(size, end - self._done))):
                        yield len(chunk), self._read(chunk)
            if self._done == before:
                following = min((number for number in self._sizes if number > before), default=end)
                _log.error("records of a journal are gone", journal=str(self._folder), records=following - before)
                self._move_bookmark(following)
            self._tidy()

    def _read(self, lines: Sequence[str]) -> list[Record]:
        records = []
        for line in lines:
            try:
                records.append(json.loads(line))
            except ValueError:
                # The disk lost what it had promised. The others must not wait for it.
                _log.error("a damaged line of a journal was left out", journal=str(self._folder), line=line[:200])
        return records

    def _begin_segment(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._path(self._next).open("ab")
        self._sync_folder()
        self._file_bytes = 0
        self._sizes[self._next] = 0

    def _tidy(self) -> None:
        """Removes segments of which the database has every record."""
        with self._appending:
            numbers = sorted(self._sizes)
            for number, following in pairwise([*numbers, self._next]):
                if following > self._done or following == number:
                    return
                if number == numbers[-1] and self._file is not None:
                    self._file.close()
                    self._file = None
                self._path(number).unlink(missing_ok=True)
                del self._sizes[number]

    def _move_bookmark(self, done: int) -> None:
        temporary = self._folder / "done.part"
        with temporary.open("w", encoding="ascii") as file:
            file.write(str(done))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / "done")
        self._done = done

    def _sync_folder(self) -> None:
        """A new file's name must survive a power cut as its content does."""
        if os.name == "posix":
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _bookmark(self) -> int:
        try:
            return int((self._folder / "done").read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0
        except ValueError:
            _log.error(
                "the journal's bookmark is damaged: all that is there is handed over again", folder=str(self._folder)
            )
            return 0

    def _recover(self) -> None:
        """Counts what is there. A last line without its end was never promised, and is cut off."""
        for path in sorted(self._folder.glob("*.jsonl")):
            if not path.stem.isdigit():
                continue
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                with path.open("r+b") as file:
                    file.truncate(whole)
            if whole == 0:
                path.unlink()
                continue
            first = int(path.stem)
            self._sizes[first] = whole
            self._next = max(self._next, first + content.count(b"\n"))
        if self._sizes:
            self._done = max(self._done, min(self._sizes))

    def _path(self, first: int) -> Path:
        return self._folder / f"{first:016d}.jsonl"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
