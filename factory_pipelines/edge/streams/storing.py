"""From the cameras to the warehouse: on disk at once, in the database as soon as it is there, in order, each once."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import structlog

from factory_pipelines.occupancy.ingest import take_in
from factory_pipelines.warehouse.journal import Journal, JournalFullError, Record
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError
from factory_pipelines.warehouse.queries import load_sql

_log = structlog.get_logger(__name__)

_EVENT, _MINUTE = "event", "minute"
_EVERY_S = 0.5
_LONGEST_PAUSE_S = 10.0
# An event that waited on disk was possible when it was seen.
_AHEAD = timedelta(minutes=5)


class CameraStore:
    """One process's way to the warehouse; ``events`` and ``minutes`` may be called from any thread."""

    def __init__(
        self, writer: Warehouse, folder: Path, *, max_bytes: int, clock: Callable[[], datetime], batch: int = 500
    ) -> None:
        """Finds what the last process left; nothing is sent before ``start``.

        Args:
            writer: in the writer's role.
            folder: of the journal, for this process alone.
            max_bytes: that may wait there.
            clock: the present.
            batch: records of one transaction.

        Raises:
            JournalTakenError: when another process has the folder.
        """
        self._writer = writer
        self._clock = clock
        self._batch = batch
        self._journal = Journal(folder, max_bytes=max_bytes, hopeless=(psycopg.DataError, psycopg.IntegrityError))
        self.lost = 0
        self.stored = 0
        self.refused = 0
        self.is_connected: bool | None = None  # whether the last attempt reached the database
        self._wake = Event()
        self._ending = Event()
        self._thread = Thread(target=self._keep_storing, name="camera-store", daemon=True)

    @property
    def waiting(self) -> int:
        """Records that the database has not got."""
        return self._journal.waiting

    @property
    def waiting_bytes(self) -> int:
        """Their size on disk."""
        return self._journal.waiting_bytes

    def start(self) -> None:
        """Begins to hand over."""
        self._thread.start()

    def events(self, events: list[dict[str, Any]]) -> None:
        """Keeps events of the occupancy log; they are on disk when this returns."""
        self._keep([{"what": _EVENT, **event} for event in events])

    def minutes(self, minutes: list[dict[str, Any]]) -> None:
        """Keeps figures of minutes; they are on disk when this returns."""
        self._keep([{"what": _MINUTE, **minute} for minute in minutes])

    def drain(self) -> bool:
        """Hands over everything that waits; says whether the database was there."""
        try:
            self._journal.drain(self._store, batch=self._batch)
        except (WarehouseUnavailableError, psycopg.Error) as error:
            if self.is_connected is not False:
                _log.warning("the cameras' events wait on disk", waiting=self.waiting, reason=str(error))
            self.is_connected = False
            return False
        if self.is_connected is False:
            _log.info("the cameras' events have arrived")
        self.is_connected = True
        return True

    def close(self, timeout_s: float) -> None:
        """Ends; what could not be handed over in time waits for the next process."""
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self._journal.close()

    def _keep(self, records: list[Record]) -> None:
        try:
            self._journal.add(records)
        except (JournalFullError, OSError) as error:
            self.lost += len(records)
            # Once for each power of two: a full disk is said, and not said ten times a second.
            if self.lost & (self.lost - 1) == 0 or self.lost == len(records):
                _log.critical("events of cameras are lost", lost=self.lost, reason=str(error))
            return
        self._wake.set()

    def _store(self, records: list[Record]) -> None:
        """One transaction, in the order of the journal."""
        events = [_without_kind(record) for record in records if record.get("what") == _EVENT]
        minutes = [_without_kind(record) for record in records if record.get("what") == _MINUTE]
        with self._writer.transaction() as conn:
            if events:
                result = take_in(conn, events, now=self._clock(), tolerance=_AHEAD)
                self.refused += len(result.refused)
            if minutes:
                with conn.cursor() as cursor:
                    cursor.executemany(load_sql("cameras/add_minute"), minutes)
        self.stored += len(records)

    def _keep_storing(self) -> None:
        pause_s = _EVERY_S
        while not self._ending.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            # Events come in bunches: a moment's patience makes one transaction of them.
            self._ending.wait(min(pause_s, 0.1))
            is_there = self.drain()
            pause_s = _LONGEST_PAUSE_S if is_there else _EVERY_S
            if not is_there:
                self._ending.wait(_EVERY_S)
        began_s = time.monotonic()
        self.drain()
        _log.info("the cameras' store has ended", waiting=self.waiting, took_s=round(time.monotonic() - began_s, 3))


def _without_kind(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "what"}
