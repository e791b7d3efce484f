"""Events that cannot be handed over yet, on disk: one line of JSON each, synced before anybody acts on it.

An event carries its own id from the start, so that handing it over twice can add one row. One file may be shared by the
processes of a machine.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import fasteners  # type: ignore[import-untyped]
import structlog

_log = structlog.get_logger(__name__)

Event = dict[str, Any]


class SpoolFullError(RuntimeError):
    """As many events wait as may."""


class Spool:
    """One file of waiting events, in the order in which they came."""

    def __init__(
        self,
        path: Path,
        *,
        restore: Callable[[Event], Event] = dict,
        hopeless: tuple[type[Exception], ...] = (),
        limit: int | None = None,
    ) -> None:
        """Touches no file yet; the folder is made when something must be written.

        Args:
            path: the file.
            restore: makes an event of what JSON gives back; KeyError or ValueError: the line is damaged.
            hopeless: what handing over raises for an event that will never be taken.
            limit: how many may wait; None: the disk decides.
        """
        self._path = path
        self._restore = restore
        self._hopeless = hopeless
        self._limit = limit
        self._threads = Lock()
        self._drains = Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads, self._locked(".lock"):
            yield

    @contextmanager
    def _locked(self, suffix: str) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with fasteners.InterProcessLock(self._path.with_suffix(suffix)):
            yield

    def add(self, event: Event) -> None:
        """Keeps ``event`` until it is drained; it is on disk when this returns.

        Raises:
            SpoolFullError: when as many wait as may.
            OSError: when the disk takes nothing: the caller must say so.
        """
        line = json.dumps(event, default=_plain) + "\n"
        with self._alone():
            if self._limit is not None and len(self._read()) >= self._limit:
                raise SpoolFullError(f"{self._limit} events wait already")
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def waiting(self) -> int:
        """Events that wait."""
        if not self._path.exists():
            return 0
        with self._alone():
            return len(self._read())

    def drain(self, hand_over: Callable[[Event], None]) -> int:
        """Hands every waiting event over, oldest first; any other exception ends the round and keeps the rest.

        An event that is hopeless goes to ``refused.jsonl`` beside the spool, for a person to look at: it must not hold
        up the others. New events can be added meanwhile. Returns how many left the spool.
        """
        if not self._path.exists():
            return 0
        with self._drains, self._locked(".draining"):
            with self._alone():
                events = self._read()
            done = 0
            try:
                for event in events:
                    self._hand_over(event, hand_over)
                    done += 1
            finally:
                if done:
                    with self._alone():
                        self._keep(self._read()[done:])
        return done

    def _hand_over(self, event: Event, hand_over: Callable[[Event], None]) -> None:
        try:
            hand_over(event)
        except self._hopeless as error:
            _log.error("a waiting event was refused", event_id=event.get("event_id"), reason=str(error))
            with self._path.with_name("refused.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({**event, "refused": str(error)}, default=_plain) + "\n")

    def _read(self) -> list[Event]:
        if not self._path.exists():
            return []
        events = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                events.append(self._restore(json.loads(line)))
            except (ValueError, KeyError):
                # The machine lost power within the write: the line was never acknowledged.
                _log.error("a damaged line of a spool was left out", spool=str(self._path), line=line[:200])
        return events

    def _keep(self, events: list[Event]) -> None:
        if not events:
            self._path.unlink()
            return
        rest = self._path.with_suffix(".rest")
        with rest.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(event, default=_plain) + "\n" for event in events)
            file.flush()
            os.fsync(file.fileno())
        rest.replace(self._path)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
