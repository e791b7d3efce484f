"""Cameras registered through the API, kept in the warehouse; their addresses apart, for the writer alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines.warehouse.queries import load_sql


class UnknownCameraError(LookupError):
    """No camera of that name is registered."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry holds.

    Attributes:
        cameras: those that can be used.
        unusable: name → why not; written by another version of this software.
    """

    cameras: tuple[CameraConfig, ...]
    unusable: Mapping[str, str]


def registered_cameras(writer: Warehouse) -> Registered:
    """All registered cameras with their addresses.

    Raises:
        WarehouseUnavailableError: when the database is away.
    """
    cameras, unusable = [], {}
    for row in writer.rows("cameras/registered"):
        name = row["camera_name"]
        try:
            cameras.append(_camera(name, row["definition"], row["source_url"]))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            unusable[name] = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return Registered(tuple(cameras), unusable)


def register(writer: Warehouse, camera: CameraConfig, *, changed_by: str, now: datetime) -> None:
    """Registers ``camera``, or changes it."""
    definition = camera.model_dump(mode="json", exclude={"name", "source_url"}, exclude_defaults=True)
    params = {"camera_name": camera.name, "definition": Jsonb(definition), "now": now, "changed_by": changed_by}
    address = {"camera_name": camera.name, "source_url": camera.source_url.get_secret_value()}
    with writer.transaction() as conn:
        conn.execute(load_sql("cameras/register"), params)
        conn.execute(load_sql("cameras/set_address"), address)


def known_address(writer: Warehouse, name: str) -> str | None:
    """The address of a registered camera; None when there is no such camera."""
    rows = writer.rows("cameras/address", {"camera_name": name})
    return rows[0]["source_url"] if rows else None


def remove(writer: Warehouse, name: str) -> None:
    """Forgets a registered camera and its address.

    Raises:
        UnknownCameraError: when there is none of that name.
    """
    if not writer.rows("cameras/remove", {"camera_name": name}):
        raise UnknownCameraError(name)


def _camera(name: str, definition: Mapping[str, Any], address: str) -> CameraConfig:
    return CameraConfig.model_validate({**definition, "name": name, "source_url": address})
