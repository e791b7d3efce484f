"""Cameras over HTTP: registering them, what became of them, and beginning one anew.

The application's state holds ``warehouse`` (reads), ``writer`` (changes), ``clock``, and ``cameras``: the worker where
this process watches cameras, None where another does.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import SecretStr, ValidationError

from factory_pipelines.cameras import registry
from factory_pipelines.cameras.api_models import (
    CameraDefinition,
    CameraLine,
    CameraLines,
    CameraStatus,
    CameraStatuses,
    Done,
)
from factory_pipelines.cameras.config import CameraConfig
from factory_pipelines.warehouse.pool import Warehouse

router = APIRouter(prefix="/api/v1", tags=["cameras"])

# A worker that has been silent for so long is gone, and with it what it said.
UNKNOWN_AFTER = timedelta(minutes=2)

_Name = Annotated[str, Path(pattern=r"^[a-z0-9_]+$", max_length=64)]
_NOT_THERE: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such camera."}}


def get_warehouse(request: Request) -> Warehouse:
    """Where it is read."""
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def get_writer(request: Request) -> Warehouse:
    """Where it is changed."""
    writer: Warehouse = request.app.state.writer
    return writer


def get_now(request: Request) -> datetime:
    """The present."""
    now: datetime = request.app.state.clock()
    return now


_Reads = Annotated[Warehouse, Depends(get_warehouse)]
_Writes = Annotated[Warehouse, Depends(get_writer)]
_Now = Annotated[datetime, Depends(get_now)]


@router.get("/cameras", summary="Cameras registered here")
def cameras(warehouse: _Reads) -> CameraLines:
    """Without their addresses, which nobody is shown."""
    lines = [
        CameraLine(name=row["camera_name"], **{k: row[k] for k in ("definition", "changed_at", "changed_by")})
        for row in warehouse.rows("cameras/listed")
    ]
    return CameraLines(count=len(lines), cameras=lines)


@router.get("/camera-status", summary="How each camera fares")
def statuses(warehouse: _Reads, now: _Now) -> CameraStatuses:
    """As the workers reported last, those of the configuration file among them."""
    found = [_status(row, now) for row in warehouse.rows("cameras/statuses")]
    return CameraStatuses(
        count=len(found),
        fresh=sum(camera.is_fresh is True for camera in found),
        dark=[camera.name for camera in found if camera.is_fresh is False],
        unknown=[camera.name for camera in found if camera.is_fresh is None],
        cameras=found,
    )


@router.get("/cameras/{name}/status", summary="How one camera fares", responses=_NOT_THERE)
def status(warehouse: _Reads, now: _Now, name: _Name) -> CameraStatus:
    """As its worker reported last."""
    for row in warehouse.rows("cameras/statuses"):
        if row["camera_name"] == name:
            return _status(row, now)
    raise _unknown(name)


@router.put(
    "/cameras/{name}",
    summary="Register a camera, or change it",
    responses={409: {"description": "The camera of that name stands in the configuration file."}},
)
def register(request: Request, writer: _Writes, now: _Now, name: _Name, definition: CameraDefinition) -> Done:
    """The worker takes it up within seconds. What is left out has its default, except for a known address."""
    worker = request.app.state.cameras
    if worker is not None and name in worker.configured.file_names:
        raise HTTPException(
            409, {"code": "camera_in_file", "detail": f"{name} stands in the cameras' file: change it there"}
        )
    address = definition.source_url
    if address is None and (known := registry.known_address(writer, name)) is not None:
        address = SecretStr(known)
    if address is None:
        detail = "source_url: a camera that is not known yet needs its address"
        raise HTTPException(422, {"code": "parameter_invalid", "detail": detail, "field": "source_url"})
    given = {**definition.model_dump(exclude_unset=True), "name": name, "source_url": address}
    try:
        camera = CameraConfig.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "role"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise HTTPException(
            422, {"code": "parameter_invalid", "detail": f"{field}: {message}", "field": field}
        ) from None  # the cause holds the address
    _refuse_files(camera)
    changed_by = getattr(request.state, "key_name", None) or "api"
    registry.register(writer, camera, changed_by=changed_by, now=now)
    return Done(name=name, outcome="registered")


@router.delete("/cameras/{name}", summary="Forget a registered camera", responses=_NOT_THERE)
def remove(writer: _Writes, name: _Name) -> Done:
    """Its address is gone at once; its figures stay."""
    try:
        registry.remove(writer, name)
    except registry.UnknownCameraError as error:
        raise _unknown(name) from error
    return Done(name=name, outcome="removed")


@router.post(
    "/cameras/{name}/restart",
    summary="Begin a camera anew",
    responses={**_NOT_THERE, 409: {"description": "Another process watches the cameras."}},
)
def restart(request: Request, name: _Name) -> Done:
    """At once, also one that was given up, as after a refused password."""
    worker = request.app.state.cameras
    if worker is None:
        detail = "another process watches the cameras: ask the one started with --only cameras"
        raise HTTPException(409, {"code": "cameras_elsewhere", "detail": detail})
    if not worker.restart(name):
        raise _unknown(name)
    return Done(name=name, outcome="restarted")


def _refuse_files(camera: CameraConfig) -> None:
    """Whoever has a key to the API has none to the files of this machine; the cameras' file is the operator's own."""
    named = {"source_url": camera.kind in {"file", "image"}, "detector.model": camera.detector.model is not None}
    for field, is_file in named.items():
        if is_file:
            detail = f"{field}: only the cameras' file (FACTORY_CAMERAS__FILE) may name files of this machine"
            raise HTTPException(422, {"code": "parameter_invalid", "detail": detail, "field": field})


def _unknown(name: str) -> HTTPException:
    return HTTPException(404, {"code": "camera_unknown", "detail": f"there is no camera {name}", "field": "name"})


def _status(row: dict[str, Any], now: datetime) -> CameraStatus:
    given = {**row, "name": row["camera_name"]}
    given.pop("stale_after_s")
    given.pop("camera_name")
    if now - row["reported_at"] > UNKNOWN_AFTER:
        given |= {"state": "unknown", "is_fresh": None, "fps": None, "reason": None}
        given["detail"] = "its worker has not reported since: is `factory edge` running?"
    return CameraStatus.model_validate(given)
