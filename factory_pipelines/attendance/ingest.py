"""Taking in punches: each event once, whatever is sent how often and in which order; nothing lost."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from factory_pipelines.attendance.events import PunchEvent, Refusal, read_event
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch: ``received = accepted + duplicates + len(refused)``."""

    received: int
    accepted: int
    duplicates: int
    refused: Sequence[Refusal]


def ingest(
    warehouse: Warehouse,
    events: Iterable[Mapping[str, Any]],
    *,
    zone: ZoneInfo,
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> IngestResult:
    """Reads events (``employee_id``, ``time``, ``direction``, ``source``, ``device``) and stores what they are."""
    read = [read_event(event, zone=zone, now=now, tolerance=tolerance) for event in events]
    punches = [one for one in read if isinstance(one, PunchEvent)]
    refused = [one for one in read if isinstance(one, Refusal)]
    with warehouse.transaction() as conn:
        accepted = store_punches(conn, punches, zone=zone, now=now)
        store_refusals(conn, refused, now=now)
    return IngestResult(len(read), accepted, len(punches) - accepted, refused)


def store_punches(conn: Connection[Any], punches: Sequence[PunchEvent], *, zone: ZoneInfo, now: datetime) -> int:
    """Stores what is new, in the caller's transaction; returns how many were. Marks the days for recomputation."""
    if not punches:
        return 0
    conn.execute(load_sql("attendance/stage_punches"))
    copy_rows(conn, sql.Identifier("staged_punches"), PunchEvent._fields, punches)
    row = conn.execute(load_sql("attendance/merge_punches"), {"now": now, "zone": zone.key}).fetchone()
    conn.execute("DROP TABLE staged_punches")
    return int(row[0]) if row else 0


def store_refusals(conn: Connection[Any], refused: Iterable[Refusal], *, now: datetime) -> None:
    """Keeps what was refused, in the caller's transaction; the same event again is only counted."""
    rows = [_refusal_row(one, now) for one in refused]
    with conn.cursor() as cursor:
        cursor.executemany(load_sql("attendance/refuse_event"), rows)


def _refusal_row(one: Refusal, now: datetime) -> dict[str, Any]:
    # Text in PostgreSQL has neither NUL nor half of a surrogate pair; what was sent stays readable.
    text = json.dumps(dict(one.event), sort_keys=True, default=str, ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\\u0000", "\ufffd")
    return {
        "source": one.source,
        "field": one.field,
        "reason": one.reason,
        "detail": one.detail,
        "event": Jsonb(json.loads(text, parse_constant=str)),
        "event_hash": sha256(text.encode()).hexdigest(),
        "now": now,
    }


def report_source(warehouse: Warehouse, source: str, watermark: datetime) -> datetime:
    """A source says that everything up to ``watermark`` has arrived; returns its watermark, never an earlier one."""
    params = {"source": source, "watermark": watermark}
    reported: datetime = warehouse.rows("attendance/report_source", params)[0]["watermark"]
    return reported
