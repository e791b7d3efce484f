"""Taking in events: each once, whatever is sent how often and in which order; nothing lost."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from factory_pipelines.occupancy.events import OccupancyEvent, Refusal, read_event
from factory_pipelines.warehouse.copy import copy_rows
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql

_COLUMNS = [
    "place", "source_id", "observed_at", "event_id", "kind", "direction", "people", "label", "track_id", "confidence",
    "snapshot",
]  # fmt: skip
_WHY = {
    "source_unknown": "{source} is not registered; register it, and its events are taken from the refusals",
    "event_contradicts": "another event of this source and time has the same event_id and says something else",
}


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch: ``received = accepted + duplicates + len(refused)``.

    Attributes:
        received: events handed in.
        accepted: events that are new.
        duplicates: events that were known already, or came twice.
        refused: events that are none, or of a source that nobody registered; kept in ``occupancy.refusals``.
        places: of each refused event, its place in what was handed in, from 0.
    """

    received: int
    accepted: int
    duplicates: int
    refused: Sequence[Refusal]
    places: Sequence[int] = ()


def ingest(
    warehouse: Warehouse,
    events: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    tolerance: timedelta = timedelta(minutes=5),
) -> IngestResult:
    """Reads events (see ``events.read_event``) and stores them, in one transaction; marks the hours they touch.

    Raises:
        WarehouseUnavailableError: when nothing could be stored; sending all of it again is safe.
    """
    with warehouse.transaction() as conn:
        return take_in(conn, events, now=now, tolerance=tolerance)


def take_in(
    conn: Connection[Any], events: Iterable[Mapping[str, Any]], *, now: datetime, tolerance: timedelta
) -> IngestResult:
    """As ``ingest``, in the caller's transaction."""
    given = list(events)
    read = [read_event(event, now=now, tolerance=tolerance) for event in given]
    refused = {place: one for place, one in enumerate(read) if isinstance(one, Refusal)}
    good = {place: one for place, one in enumerate(read) if isinstance(one, OccupancyEvent)}
    accepted, late_refusals = _store(conn, good, now)
    for place, reason in late_refusals:
        source = good[place].source_id
        field = "source_id" if reason == "source_unknown" else "event_id"
        detail = f"{field}: {_WHY[reason].format(source=source)}"
        refused[place] = Refusal(field, reason, detail, source, given[place])
    _keep_refusals(conn, refused.values(), now)
    places = sorted(refused)
    duplicates = len(given) - accepted - len(places)
    return IngestResult(len(given), accepted, duplicates, [refused[place] for place in places], places)


def _store(
    conn: Connection[Any], good: Mapping[int, OccupancyEvent], now: datetime
) -> tuple[int, list[tuple[int, str]]]:
    """How many are new, and place and reason of those that the registered sources and known events refuse."""
    if not good:
        return 0, []
    conn.execute(load_sql("occupancy/stage_events"))
    rows = (
        (
            place, e.source_id, e.observed_at, e.event_id, e.kind, e.direction, e.people, e.label, e.track_id,
            e.confidence, e.snapshot,
        )
        for place, e in good.items()
    )  # fmt: skip
    copy_rows(conn, sql.Identifier("staged_events"), _COLUMNS, rows)
    merged = conn.execute(load_sql("occupancy/merge_events"), {"now": now}).fetchone()
    refused = conn.execute(load_sql("occupancy/contradictions")).fetchall()
    conn.execute("DROP TABLE staged_events")
    return (int(merged[0]) if merged else 0), [(int(place), str(reason)) for place, reason in refused]


def _keep_refusals(conn: Connection[Any], refused: Iterable[Refusal], now: datetime) -> None:
    """Keeps what was refused; the same event again is only counted."""
    kept = []
    for one in refused:
        text = storable(json.dumps(_plain(one.event), sort_keys=True, ensure_ascii=False))
        kept.append(
            {
                "source_id": storable(one.source_id),
                "field": storable(one.field),
                "reason": one.reason,
                "detail": storable(one.detail),
                "event": Jsonb(json.loads(text)),
                "event_hash": sha256(text.encode()).hexdigest(),
                "now": now,
            }
        )
    if kept:
        with conn.cursor() as cursor:
            cursor.executemany(load_sql("occupancy/refuse_event"), kept)


def storable(text: str) -> str:
    """``text`` as PostgreSQL can hold it: no NUL (also not as JSON writes it), no half of a surrogate pair."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\x00", "\ufffd").replace("\\u0000", "\\ufffd")


def _plain(value: Any) -> Any:
    """``value`` as JSON knows it: what is none of it (NaN, a time, bytes) as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def take_refused(conn: Connection[Any], source_id: str, *, now: datetime) -> int:
    """Takes the events that came before their source was registered; returns how many became events."""
    with conn.cursor(row_factory=dict_row) as cursor:
        waiting = cursor.execute(load_sql("occupancy/take_refused"), {"source_id": source_id}).fetchall()
    # They were possible when they came: the device's clock has been judged already.
    return take_in(conn, [row["event"] for row in waiting], now=now, tolerance=timedelta(days=1)).accepted
