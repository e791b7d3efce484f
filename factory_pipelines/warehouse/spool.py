"""Decisions that the database has not heard of yet, on disk: one line of JSON each, synced before the barrier moves.

A spooled decision keeps its id, so that writing it twice adds one row.
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
import psycopg
import structlog

_log = structlog.get_logger(__name__)

_TIMES = ("decided_at", "hour_start")


class Spool:
    """One file of waiting events, which the edge processes of a machine may share."""

    def __init__(self, path: Path) -> None:
        """``path`` need not exist; its folder is made when something must be written."""
        self._path = path
        self._threads = Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._threads, fasteners.InterProcessLock(self._path.with_suffix(".lock")):
            yield

    def add(self, event: dict[str, Any]) -> None:
        """Keeps ``event`` until it is drained; it is on disk when this returns.

        Raises:
            OSError: when the disk takes nothing: the caller must say so.
        """
        line = json.dumps(event, default=_plain) + "\n"
        with self._alone(), self._path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def waiting(self) -> int:
        """Events that wait."""
        with self._alone():
            return len(self._read())

    def drain(self, store: Callable[[dict[str, Any]], None]) -> int:
        """Hands every waiting event to ``store``, oldest first; an outage ends the round and keeps the rest.

        An event that the database refuses for what it is goes to ``refused.jsonl`` beside the spool, for a person to
        look at: it must not hold up the others. Returns how many left the spool.
        """
        if not self._path.exists():
            return 0
        with self._alone():
            events = self._read()
            done = 0
            try:
                for event in events:
                    self._hand_over(event, store)
                    done += 1
            finally:
                if done:
                    self._keep(events[done:])
        return done

    def _hand_over(self, event: dict[str, Any], store: Callable[[dict[str, Any]], None]) -> None:
        try:
            store(event)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            _log.error("a spooled gate event was refused", event_id=event["event_id"], reason=str(error))
            with self._path.with_name("refused.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({**event, "refused": str(error)}, default=_plain) + "\n")

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        events = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                events.append(_restored(json.loads(line)))
            except (ValueError, KeyError):
                # The machine lost power within the write: the line was never acknowledged.
                _log.error("a damaged line in the gate's spool was left out", path=str(self._path), line=line[:200])
        return events

    def _keep(self, events: list[dict[str, Any]]) -> None:
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


def _restored(event: dict[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(event[name]) for name in _TIMES}
    return {**event, **times, "production_day": date.fromisoformat(event["production_day"])}
