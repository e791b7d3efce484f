"""Pulls: RTMS as it is now, into the raw tables, in one transaction each.

A pull that fails, is killed or loses RTMS half-way leaves the warehouse as it was; the next one repairs everything.
Repeating a pull changes nothing. Pulls of one day wait for each other: an older answer never overwrites a newer one.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from factory_pipelines.production.landing import Landed, Landing, RawTable, Stamp, TooManyRefusedError
from factory_pipelines.production.rtms import EmptyPullError, RtmsSource, RtmsUnavailableError, RtmsUnusableError
from factory_pipelines.production.schema import PRODUCTION, SUPERVISORS, Judged, judge_production, judge_supervisors
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

RETRY_WAITS_S: tuple[float, ...] = (1.0, 2.0, 4.0)
"""Waits before the second, third and fourth attempt, after transient errors only."""

PRODUCTION_TABLE = RawTable(
    name="session_wise_production",
    fields=PRODUCTION,
    identity=("rtms_row_id",),
    slice_column="production_day",
    stamps=("source", "pull_id", "ingested_at"),
)
SUPERVISORS_TABLE = RawTable(
    name="supervisors",
    fields=SUPERVISORS,
    identity=("line_name", "part_name", "supervisor_code"),
    slice_column=None,
    stamps=("source", "ingested_at"),
)


@dataclass(frozen=True)
class PullResult:
    """What one pull found and did; rows_read = rows_accepted + rows_refused + rows_collapsed.

    Attributes:
        pull_id: its row in ``rtms.pulls``; None for supervisors, whose pulls are not kept.
        rows_read: rows the source gave.
        rows_accepted: rows the table holds for the slice now.
        rows_refused: rows that went to ``rtms.quarantine``.
        rows_collapsed: rows that repeated another row of the same pull word for word.
        rows_inserted: rows that were new.
        rows_updated: rows that had changed.
        rows_deleted: rows that RTMS no longer shows.
        duration_s: seconds from start to commit, all attempts included.
    """

    pull_id: int | None
    rows_read: int
    rows_accepted: int
    rows_refused: int
    rows_collapsed: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    duration_s: float


def pull_day(
    warehouse: Warehouse, source: RtmsSource, day: date, *, now: datetime, sleep: Callable[[float], None] = time.sleep
) -> PullResult:
    """Makes ``rtms.session_wise_production`` of production day ``day`` equal to what RTMS shows.

    Args:
        warehouse: as the writer.
        source: where rows come from.
        day: production day, which is RTMS' TranDate.
        now: the moment of the pull, with its zone; new and changed rows carry it as ``ingested_at``.
        sleep: how to wait between attempts.

    Raises:
        RtmsUnavailableError: RTMS was away in every attempt; trying later may help.
        EmptyPullError: RTMS shows no acceptable row for a day the warehouse has rows of; they are kept.
        RtmsUnusableError: somebody has to change something first; the message says what.
        WarehouseUnavailableError: the database is away.
    """
    started = time.perf_counter()
    counts, pull_id = _with_retries(lambda: _pull_day_once(warehouse, source, day, now, started), sleep)
    return _result(counts, pull_id, started)


def pull_range(
    warehouse: Warehouse,
    source: RtmsSource,
    first: date,
    last: date,
    *,
    now: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> list[PullResult]:
    """``pull_day`` for each day from ``first`` to ``last``, both included; days before a failing one stay pulled.

    Raises:
        RtmsError: as ``pull_day`` does, at the first day that fails.
    """
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return [pull_day(warehouse, source, day, now=now, sleep=sleep) for day in days]


def pull_supervisors(
    warehouse: Warehouse, source: RtmsSource, *, now: datetime, sleep: Callable[[float], None] = time.sleep
) -> PullResult:
    """Makes ``rtms.supervisors`` equal to what RTMS shows; arguments and errors as for ``pull_day``."""
    started = time.perf_counter()
    counts = _with_retries(lambda: _pull_supervisors_once(warehouse, source, now), sleep)
    return _result(counts, None, started)


def _pull_day_once(
    warehouse: Warehouse, source: RtmsSource, day: date, now: datetime, started: float
) -> tuple[Landed, int]:
    with warehouse.transaction() as conn:
        conn.execute(load_sql("rtms/lock_slice"), {"slice": f"rtms.session_wise_production {day}"})
        pull = {"day": day, "source": source.name, "started_at": now}
        (pull_id,) = conn.execute(load_sql("rtms/open_pull"), pull).fetchall()[0]
        landing = Landing(conn, PRODUCTION_TABLE, day, Stamp(source.name, now, warehouse.organization_id, pull_id))
        _land(landing, (judge_production(batch, day) for batch in source.production(day)), str(day))
        finished_at = now + timedelta(seconds=time.perf_counter() - started)
        done = {**landing.counts.as_columns(), "pull_id": pull_id, "finished_at": finished_at}
        conn.execute(load_sql("rtms/close_pull"), done)
    return landing.counts, pull_id


def _pull_supervisors_once(warehouse: Warehouse, source: RtmsSource, now: datetime) -> Landed:
    with warehouse.transaction() as conn:
        conn.execute(load_sql("rtms/lock_slice"), {"slice": "rtms.supervisors"})
        landing = Landing(conn, SUPERVISORS_TABLE, None, Stamp(source.name, now, warehouse.organization_id))
        _land(landing, (judge_supervisors(batch) for batch in [source.supervisors()]), "supervisors")
    return landing.counts


def _land(landing: Landing, batches: Iterator[Judged], what: str) -> None:
    try:
        landing.load(batches)
    except TooManyRefusedError as error:
        raise RtmsUnusableError(
            f"{what}: {error}", "Check that the source really is RTMS' table, in its usual format"
        ) from error
    counts = landing.counts
    if landing.slice_had_rows and not counts.accepted:
        seen = f"{counts.read} rows, none acceptable ({landing.example_reason})" if counts.read else "no rows"
        raise EmptyPullError(
            f"RTMS shows {seen} for {what}, but the warehouse has rows: they are kept",
            "If RTMS really has none, delete them from the warehouse by hand; otherwise pull again when it shows them",
        )
    landing.merge()
    landing.quarantine()


def _with_retries(attempt: Callable[[], _T], sleep: Callable[[float], None]) -> _T:
    for wait_s in RETRY_WAITS_S:
        try:
            return attempt()
        except RtmsUnavailableError as error:
            _log.warning("pull failed, trying again in %g s: %s", wait_s, error)
            sleep(wait_s)
    return attempt()


def _result(counts: Landed, pull_id: int | None, started: float) -> PullResult:
    return PullResult(pull_id=pull_id, **counts.as_columns(), duration_s=time.perf_counter() - started)
