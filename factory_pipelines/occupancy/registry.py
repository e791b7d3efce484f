"""Areas and their doors and cameras: who may count, and where."""

from datetime import datetime
from typing import Any

from psycopg import Connection, errors
from psycopg.rows import dict_row

from factory_pipelines.occupancy.ingest import take_refused
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql


class RegistrationError(ValueError):
    """It cannot be registered so. ``field`` names what is at fault, ``reason`` is for programs."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field, self.reason = field, reason


def register_area(
    warehouse: Warehouse,
    area_id: str,
    *,
    area_name: str | None = None,
    capacity: int | None = None,
    parent_area_id: str | None = None,
    start_people: int | None = 0,
) -> dict[str, Any]:
    """Registers an area, or changes it; returns it.

    Args:
        warehouse: as the writer.
        area_id: its name for programs.
        area_name: its name for people; default: ``area_id``.
        capacity: how many may be inside; None: nobody has said.
        parent_area_id: the area it is part of.
        start_people: how many were inside before the first event of its doors; None: nobody knows.

    Raises:
        RegistrationError: when the parent is not there, or is part of this area itself.
    """
    params = {
        "area_id": area_id,
        "area_name": area_name or area_id,
        "capacity": capacity,
        "parent_area_id": parent_area_id,
        "start_people": start_people,
    }
    with warehouse.transaction() as conn:
        if parent_area_id is not None:
            above = [row["area_id"] for row in _rows(conn, "occupancy/areas_above", {"area_id": parent_area_id})]
            if not above:
                raise RegistrationError("parent_area_id", "area_unknown", f"{parent_area_id} is not registered")
            if area_id in above:
                raise RegistrationError("parent_area_id", "area_circular", f"{parent_area_id} is part of {area_id}")
        return _rows(conn, "occupancy/register_area", params)[0]


def register_source(
    warehouse: Warehouse,
    source_id: str,
    *,
    area_id: str,
    kind: str,
    max_silence_s: int = 300,
    retired_at: datetime | None = None,
    now: datetime,
) -> tuple[dict[str, Any], int]:
    """Registers a door or camera, or changes it, and takes the events that came before it was known.

    Args:
        warehouse: as the writer.
        source_id: the name it sends.
        area_id: where it counts; for good, once it has sent an event.
        kind: ``door`` or ``camera``.
        max_silence_s: so long after its last sign of life it is unknown.
        retired_at: from here on nothing waits for it.
        now: the present.

    Returns:
        The source, and how many waiting events were taken.

    Raises:
        RegistrationError: when the area is not registered, or the source has counted elsewhere.
    """
    params = {
        "source_id": source_id,
        "area_id": area_id,
        "kind": kind,
        "max_silence_s": max_silence_s,
        "retired_at": retired_at,
    }
    with warehouse.transaction() as conn:
        try:
            found = _rows(conn, "occupancy/register_source", params)
        except errors.ForeignKeyViolation as error:
            raise RegistrationError("area_id", "area_unknown", f"{area_id} is not registered; do that first") from error
        if not found:
            detail = f"{source_id} has counted elsewhere: retire it, and register the moved one under another name"
            raise RegistrationError("area_id", "source_moved", detail)
        taken = take_refused(conn, source_id, now=now)
        return found[0], taken


def _rows(conn: Connection[Any], query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(load_sql(query), params).fetchall()
