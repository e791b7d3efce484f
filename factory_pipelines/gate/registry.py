"""The vehicle lists in the warehouse: entering, withdrawing, reading them whole or for one plate.

Every line carries its reason and officer; a line is withdrawn, never deleted, so that the table is its own history.
"""

from datetime import datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from factory_pipelines.gate.lists import ListEntry, ListKind, PlateIndex
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql


class AlreadyListedError(RuntimeError):
    """The plate stands on that list already."""


class NotListedError(LookupError):
    """The plate does not stand on that list."""


def load_index(warehouse: Warehouse, now: datetime) -> PlateIndex:
    """All lines that count now or will, as an index of one version."""
    rows = warehouse.rows("gate/entries", {"now": now})
    entries = [_entry(row) for row in rows if row["entry_id"] is not None]
    return PlateIndex(entries, version=rows[0]["version"])


def entries_of(warehouse: Warehouse, plate: str) -> tuple[int, list[ListEntry]]:
    """Version of the lists and the lines of one plate, as they are this moment."""
    rows = warehouse.rows("gate/entries_of_plate", {"plate": plate})
    return rows[0]["version"], [_entry(row) for row in rows if row["entry_id"] is not None]


def register(
    warehouse: Warehouse,
    plate: str,
    kind: ListKind,
    *,
    reason: str,
    officer: str,
    now: datetime,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> ListEntry:
    """Enters a plate into a list, and takes it off the queue of unknown plates.

    Args:
        warehouse: in the writer's role.
        plate: in capitals and digits.
        kind: which list.
        reason: why.
        officer: who answers for it.
        now: the present.
        valid_from: default: now.
        valid_until: default: until it is withdrawn; a temporary line needs one.

    Raises:
        AlreadyListedError: when it stands on that list already.
        ValueError: when the validity is empty, over already, or a temporary line has no end.
    """
    if any(at is not None and not 2000 <= at.year < 2200 for at in (valid_from, valid_until)):
        raise ValueError("validity must lie between the years 2000 and 2200")
    start = valid_from or now
    if valid_until is not None and (valid_until <= start or valid_until <= now):
        raise ValueError("valid_until must lie in the future and after valid_from")
    if kind == "temporary" and valid_until is None:
        raise ValueError("a temporary line needs valid_until")
    params = {
        "plate": plate,
        "kind": kind,
        "reason": reason,
        "officer": officer,
        "valid_from": start,
        "valid_until": valid_until,
        "now": now,
        "settlement": f"entered as {kind}: {reason}",
    }
    with warehouse.transaction() as conn:
        conn.execute(sql.SQL(load_sql("gate/retire_over")), params)
        rows = _fetch(conn, "gate/register", params)
        if not rows:
            raise AlreadyListedError(f"{plate} stands on the list {kind} already: withdraw that line first")
        conn.execute(sql.SQL(load_sql("gate/settle_unknown")), params)
    return _entry(rows[0])


def withdraw(
    warehouse: Warehouse, plate: str, kind: ListKind, *, reason: str, officer: str, now: datetime
) -> ListEntry:
    """Ends the line of a plate.

    Raises:
        NotListedError: when there is none of that kind.
    """
    params = {"plate": plate, "kind": kind, "reason": reason, "officer": officer, "now": now}
    rows = warehouse.rows("gate/withdraw", params)
    if not rows:
        raise NotListedError(f"{plate} does not stand on the list {kind}")
    return _entry(rows[0])


def settle_unknown(warehouse: Warehouse, plate: str, *, settlement: str, officer: str, now: datetime) -> None:
    """Takes a plate off the queue of unknown ones without entering it into a list.

    Raises:
        NotListedError: when it does not wait there.
    """
    params = {"plate": plate, "settlement": settlement, "officer": officer, "now": now}
    if not warehouse.rows("gate/settle_unknown", params):
        raise NotListedError(f"{plate} does not wait among the unknown plates")


def _fetch(conn: Connection[Any], query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(load_sql(query)), params).fetchall()


def _entry(row: dict[str, Any]) -> ListEntry:
    return ListEntry(
        row["entry_id"],
        row["plate"],
        row["kind"],
        row["reason"],
        row["officer"],
        row["valid_from"],
        row["valid_until"],
    )
