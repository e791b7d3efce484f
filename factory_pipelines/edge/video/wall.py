"""The camera wall: one page, one stream of all cameras' pictures, and what the gates and the alarms say."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from factory_pipelines.edge.security import public
from factory_pipelines.edge.video.api import begin, state_of
from factory_pipelines.edge.video.hub import Channel, VideoHub
from factory_pipelines.edge.video.streams import BOUNDARY, wall
from factory_pipelines.warehouse.pool import Warehouse, WarehouseUnavailableError

router = APIRouter(tags=["video"])

_FILES = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_STATE_EVERY_S = 1.0
_FIRST_ANSWER_S = 0.5
# Without the warehouse the page says so; nothing is not none.
_UNKNOWN: dict[str, Any] = {"warehouse": False, "gate": None, "alarms": None}


class WallState:
    """What stands beside the pictures, asked of the warehouse once a second however many look.

    Pictures never wait for the warehouse: it is asked beside the stream, and until it answers its part stays as it was.
    """

    def __init__(self, hub: VideoHub, warehouse: Warehouse, clock: Callable[[], datetime], zone: str) -> None:
        """``clock`` gives the present; ``zone`` is the plant's."""
        self._hub = hub
        self._warehouse = warehouse
        self._clock = clock
        self._zone = zone
        self._known = _UNKNOWN
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def text(self) -> bytes:
        """The state as JSON."""
        now_s = asyncio.get_running_loop().time()
        if self._asking is None and (self._asked_at is None or now_s - self._asked_at >= 0.9 * _STATE_EVERY_S):
            self._asking = asyncio.create_task(self._ask())
        if self._asked_at is None and self._asking is not None:
            await asyncio.wait([self._asking], timeout=_FIRST_ANSWER_S)
        return msgspec.json.encode({**self._seen(), **self._known})

    async def _ask(self) -> None:
        try:
            self._known = await run_in_threadpool(self._read)
        finally:
            self._asked_at = asyncio.get_running_loop().time()
            self._asking = None

    def _seen(self) -> dict[str, Any]:
        now = self._clock()
        return {"time": now, "zone": self._zone, "cameras": [_camera(channel) for channel in self._hub.channels()]}

    def _read(self) -> dict[str, Any]:
        params = {"now": self._clock()}
        try:
            return {
                "warehouse": True,
                "gate": self._warehouse.rows("video/wall_gate", params),
                "alarms": self._warehouse.rows("video/wall_alarms", params),
            }
        except WarehouseUnavailableError:
            return _UNKNOWN


def page(name: str) -> Response:
    """A file of the wall page."""
    file = _FILES / name
    return Response(file.read_bytes(), media_type=_TYPES[file.suffix], headers=_HEADERS)


@router.get("/wall.js", include_in_schema=False)
@public
def script() -> Response:
    """What makes the page move."""
    return page("wall.js")


@router.get("/wall.css", include_in_schema=False)
@public
def style() -> Response:
    """What makes the page fit a phone."""
    return page("wall.css")


@router.get("/api/wall", response_model=dict[str, Any], summary="Cameras, gate decisions and alarms of this moment")
async def wall_state(request: Request) -> Response:
    """How every camera fares with its counts, the latest gate decisions, the alerts that are not over.

    While the warehouse is away `gate` and `alarms` are null: unknown, not none.
    """
    return Response(await _state(request).text(), media_type="application/json")


@router.get(
    "/api/wall/stream",
    summary="All cameras' pictures in one answer",
    response_class=Response,
    responses={
        200: {
            "content": {f"multipart/mixed; boundary={BOUNDARY}": {"schema": {"type": "string"}}},
            "description": "Parts without end: pictures (`image/jpeg`, with `X-Camera`), and every second `/api/wall`.",
        }
    },
)
async def wall_stream(request: Request) -> Response:
    """For the wall page: small pictures of every camera over one connection, for a browser opens only six."""
    app = request.app.state
    state = _state(request)
    parts = wall(app.video, state.text, max_fps=app.settings.video.wall_fps, state_every_s=_STATE_EVERY_S)
    return begin(request, parts, f"multipart/mixed; boundary={BOUNDARY}")


def _state(request: Request) -> WallState:
    app = request.app.state
    if getattr(app, "wall", None) is None:
        app.wall = WallState(app.video, app.warehouse, app.clock, app.settings.plant.timezone)
    state: WallState = app.wall
    return state


def _camera(channel: Channel) -> dict[str, Any]:
    known = channel.feed.annotations()
    return {
        **state_of(channel),
        "lines": [{"name": line.name, "entries": line.entries, "exits": line.exits} for line in known.lines],
        "zones": [{"name": zone.name, "count": zone.count} for zone in known.zones],
    }
