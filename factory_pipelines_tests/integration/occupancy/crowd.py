"""Areas, doors, cameras and what they say, for the tests of occupancy."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from psycopg import sql

from factory_pipelines.occupancy.ingest import IngestResult, ingest
from factory_pipelines.occupancy.registry import register_area, register_source
from factory_pipelines.warehouse.pool import Warehouse

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # 17:30 in Kolkata
NINE = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)  # 09:00 in Kolkata
_NUMBERS = count(1)


def at(minutes: float) -> datetime:
    """So many minutes after nine in Kolkata."""
    return NINE + timedelta(minutes=minutes)


def event(source: str, minutes: float, kind: str, people: int | None = None, direction: str | None = None) -> Any:
    return {
        "source_id": source,
        "observed_at": at(minutes),
        "event_id": f"e{next(_NUMBERS)}",
        "kind": kind,
        "people": people,
        "direction": direction,
    }


def came(source: str, minutes: float, people: int = 1) -> Any:
    return event(source, minutes, "crossing", people, "in")


def went(source: str, minutes: float, people: int = 1) -> Any:
    return event(source, minutes, "crossing", people, "out")


def counted(source: str, minutes: float, people: int) -> Any:
    return event(source, minutes, "count", people)


def alive(source: str, minutes: Iterable[float]) -> list[Any]:
    return [event(source, minute, "heartbeat") for minute in minutes]


def hall(
    warehouse: Warehouse, area: str = "hall", *, doors: Sequence[str] = (), cameras: Sequence[str] = (), **more: Any
) -> None:
    """An area with its doors and cameras, silent after five minutes."""
    register_area(warehouse, area, **more)
    for kind, names in (("door", doors), ("camera", cameras)):
        for name in names:
            register_source(warehouse, name, area_id=area, kind=kind, now=NOW)


def send(warehouse: Warehouse, events: Iterable[Any], now: datetime = NOW) -> IngestResult:
    return ingest(warehouse, events, now=now)


def table(warehouse: Warehouse, name: str, without: Sequence[str] = ()) -> list[dict[str, Any]]:
    rows = warehouse.rows(sql.SQL("SELECT * FROM {}").format(sql.Identifier("occupancy", name)))
    kept = [{k: v for k, v in row.items() if k not in ("organization_id", *without)} for row in rows]
    return sorted(kept, key=lambda row: [str(v) for v in row.values()])
