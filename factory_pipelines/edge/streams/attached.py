"""The worker as a part of the edge's application: there between its start and its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from factory_pipelines.edge.watched import WatchedWarehouse
from factory_pipelines.settings import Settings
from factory_pipelines.warehouse.addresses import Role
from factory_pipelines.warehouse.journal import JournalTakenError
from factory_pipelines.warehouse.pool import Warehouse, open_warehouse

if TYPE_CHECKING:
    from factory_pipelines.edge.streams.anpr import GateCameras
    from factory_pipelines.edge.streams.worker import CameraWorker

_log = structlog.get_logger(__name__)

_CONNECTIONS = 3


@asynccontextmanager
async def cameras_at_work(app: FastAPI, writer: Warehouse | None) -> AsyncIterator[None]:
    """Watches the cameras as ``app.state.cameras``; None there where another process of this machine does already.

    Its connections are its own: an API that is busy does not slow it, nor it the API. ``writer`` is used instead, for
    tests.
    """
    settings: Settings = app.state.settings
    door = WatchedWarehouse(writer or _own(settings), on_transaction=lambda _took_s: None)
    try:
        worker = await run_in_threadpool(_worker, door, app)
        app.state.cameras = worker
        if worker is not None:
            worker.start()
        try:
            yield
        finally:
            if worker is not None:
                await run_in_threadpool(worker.close)
    finally:
        if writer is None:
            await run_in_threadpool(door.close)


def _worker(door: Warehouse, app: FastAPI) -> "CameraWorker | None":
    from factory_pipelines.edge.streams.feeds import LiveFeeds
    from factory_pipelines.edge.streams.worker import CameraWorker

    try:
        worker = CameraWorker(door, app.state.settings, clock=app.state.clock)
    except JournalTakenError as error:
        _log.warning("the cameras are watched by another process", reason=str(error))
        return None
    feeds = LiveFeeds(app.state.video, app.state.plant_clock.zone, max_fps=app.state.settings.video.max_fps)
    worker.add_onlooker(feeds.look)
    worker.on_change(feeds.sync)
    app.state.plates = _plates(app)
    worker.add_onlooker(app.state.plates)
    return worker


def _plates(app: FastAPI) -> "GateCameras":
    from factory_pipelines.edge.streams.anpr import GateCameras, PlatePictures

    pictures = PlatePictures(app.state.settings.home_dir / "snapshots", app.state.plant_clock.production_day)
    # The gate begins after the cameras.
    return GateCameras(lambda: getattr(app.state, "gate", None), pictures.keep)


def _own(settings: Settings) -> Warehouse:
    few = settings.database.model_copy(update={"pool_max": _CONNECTIONS})
    return open_warehouse(settings.model_copy(update={"database": few}), Role.WRITER, "factory-edge-cameras")
