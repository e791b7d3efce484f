"""What one process of the edge does: everything, or a part of it where the plant is larger."""

from collections.abc import Sequence
from enum import StrEnum

from fastapi import APIRouter

from factory_pipelines.alerts import api as alerts
from factory_pipelines.attendance import api as attendance
from factory_pipelines.cameras import api as cameras
from factory_pipelines.gate import api as vehicles
from factory_pipelines.identity import api as identity
from factory_pipelines.occupancy import api as occupancy
from factory_pipelines.occupancy import api_aggregates as occupancy_aggregates
from factory_pipelines.occupancy import headcount_api as headcount
from factory_pipelines.production import api as production


class Part(StrEnum):
    """``--only``: which part of the edge a process is."""

    ALL = "all"
    API = "api"
    INGEST = "ingest"
    CAMERAS = "cameras"

    @property
    def watches_cameras(self) -> bool:
        """Whether cameras are opened in this process."""
        return self in {Part.ALL, Part.CAMERAS}


def routers_of(part: Part) -> Sequence[APIRouter]:
    """The domains' routers that a process mounts; health, metrics and the pages are in every one."""
    if part is Part.INGEST:
        return (attendance.router, occupancy.router, vehicles.router)
    if part is Part.CAMERAS:
        return (cameras.router, vehicles.router)
    return (
        production.router,
        alerts.router,
        attendance.router,
        vehicles.router,
        occupancy.router,
        occupancy_aggregates.router,
        headcount.router,
        cameras.router,
        identity.router,
    )
