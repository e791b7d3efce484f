"""The audit log: who did what, when, and what came of it (FP-11).

Reads are written in batches by one thread, so that the log costs an answer nothing; a request that changes something is
written before its answer leaves. The queue is bounded: while the warehouse is away the oldest lines go first, and are
counted. Each line also stands in the JSON log under the same request id.
"""

import re
import time
from collections import deque
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from threading import Condition, Thread

import psycopg
import structlog
from psycopg import sql

from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError

_log = structlog.get_logger(__name__)

_TABLE = sql.Identifier("edge", "audit_log")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PRUNE_EVERY_S = 24 * 3600


@dataclass(frozen=True)
class AuditLine:
    """One row of ``edge.audit_log``."""

    at: datetime
    actor: str | None
    client_host: str | None
    action: str
    path: str
    outcome: str
    status_code: int
    error_code: str | None
    duration_ms: float
    request_id: str


_COLUMNS = [field.name for field in fields(AuditLine)]


def outcome_of(status_code: int) -> str:
    """``done``, ``refused`` or ``failed``."""
    if status_code < 400:
        return "done"
    return "refused" if status_code < 500 else "failed"


def printable(text: str, length: int = 300) -> str:
    """``text`` as PostgreSQL and a terminal can hold it: no control characters, not longer than ``length``."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)[:length]


class AuditTrail:
    """Writes audit lines from any thread; ``start`` and ``close`` frame its life."""

    def __init__(
        self, writer: Warehouse, *, keep_days: int, queue_max: int = 10_000, flush_every_s: float = 0.5
    ) -> None:
        """``writer`` is a warehouse in the writer's role."""
        self._writer = writer
        self._keep_days = keep_days
        self._queue: deque[AuditLine] = deque()
        self._queue_max = queue_max
        self._flush_every_s = flush_every_s
        self._wake = Condition()
        self._closing = False
        self._thread = Thread(target=self._run, name="audit-log", daemon=True)
        self._is_failing = False
        self.dropped = 0
        """Lines lost because the warehouse was away for longer than the queue could hold."""

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def add(self, line: AuditLine) -> None:
        """Remembers ``line``; it is written within about half a second."""
        with self._wake:
            self._queue.append(line)
            self._trim()

    def write(self, line: AuditLine) -> None:
        """Writes ``line`` now; where the warehouse is away, it waits in the queue like the others."""
        if not self._store([line]):
            self.add(line)

    def close(self, timeout_s: float = 1.0) -> None:
        """Writes what is left, for at most ``timeout_s``, and ends."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        if self._queue:
            _log.warning("audit lines lost at the end: the warehouse is away", lines=len(self._queue))

    def _run(self) -> None:
        prune_at_s = time.monotonic()
        while True:
            with self._wake:
                if not self._closing:
                    self._wake.wait(self._flush_every_s)
                closing = self._closing
                lines = list(self._queue)
                self._queue.clear()
            if lines and not self._store(lines):
                with self._wake:
                    self._queue.extendleft(reversed(lines))
                    self._trim()
            if closing:
                return
            if time.monotonic() >= prune_at_s:
                prune_at_s = time.monotonic() + _PRUNE_EVERY_S
                self._prune()

    def _store(self, lines: list[AuditLine]) -> bool:
        try:
            with self._writer.transaction() as conn:
                copy_rows(conn, _TABLE, _COLUMNS, map(astuple, lines))
        except (WarehouseUnavailableError, psycopg.Error) as error:
            if not self._is_failing:  # once an outage, not twice a second
                _log.error("the audit log cannot be written; its lines wait", reason=str(error))
            self._is_failing = True
            return False
        if self._is_failing:
            _log.info("the audit log is written again", lines=len(lines), dropped=self.dropped)
        self._is_failing = False
        return True

    def _trim(self) -> None:
        while len(self._queue) > self._queue_max:
            self._queue.popleft()
            self.dropped += 1

    def _prune(self) -> None:
        try:
            removed = self._writer.rows("edge/prune_audit_log", {"keep_days": self._keep_days})[0]["removed"]
        except (WarehouseUnavailableError, psycopg.Error) as error:
            _log.warning("old audit lines could not be removed", reason=str(error))
            return
        if removed:
            _log.info("old audit lines removed", lines=removed, keep_days=self._keep_days)
