"""Terminals: which area a punch leads into, and the door beside it."""

from typing import Any

from psycopg import errors

from factory_pipelines.occupancy.registry import RegistrationError
from factory_pipelines.warehouse.pool import Warehouse


def register_terminal(
    warehouse: Warehouse, source: str, device: str, *, area_id: str, door_id: str | None = None
) -> dict[str, Any]:
    """Registers a terminal, or changes it; returns it.

    Args:
        warehouse: as the writer.
        source: system that sends its punches, as in ``attendance.punches``.
        device: its name there; empty where the source does not name one.
        area_id: where people go who punch in at it.
        door_id: the door whose counter sees them pass; None where it stands at none.

    Raises:
        RegistrationError: when the area or the door is not registered.
    """
    params = {"source": source, "device": device, "area_id": area_id, "door_id": door_id}
    try:
        return warehouse.rows("occupancy/register_terminal", params)[0]
    except errors.ForeignKeyViolation as error:
        field = "door_id" if "door_id" in (error.diag.constraint_name or "") else "area_id"
        raise RegistrationError(field, f"{field[:4]}_unknown", f"{params[field]} is not registered") from error
