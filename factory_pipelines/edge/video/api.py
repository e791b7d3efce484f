"""Routes of the live pictures (FA-6): streams, snapshots, how the cameras fare."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from factory_pipelines.edge.video.hub import Channel, VideoHub
from factory_pipelines.edge.video.streams import BOUNDARY, EndlessResponse, Viewers, mjpeg

router = APIRouter(tags=["video"])

_SNAPSHOT_WAIT_S = 3.0
_REFUSALS: dict[int | str, dict[str, Any]] = {404: {"description": "There is no camera of that name here."}}


class WhichCamera(BaseModel):
    """Parameters of one camera's pictures."""

    model_config = ConfigDict(extra="forbid")

    camera: str | None = Field(
        None,
        max_length=64,
        description="The camera's name; not needed where there is only one.",
        examples=["gate_1"],
    )


class FeedState(BaseModel):
    """How one camera's pictures fare; the seed's fields and what explains them."""

    camera: str
    connected: bool = Field(description="Pictures come.")
    state: str = Field(description="live, connecting, dark or disabled.", examples=["live"])
    says: str = Field(description="Why it is not live; empty while it is.")
    frames_read: int = Field(description="Pictures since the start of the process.")
    fps: float | None = Field(description="Pictures a second lately; None before the first.")
    last_frame_at: datetime | None
    age_s: float | None = Field(description="Seconds since the last picture.")


class FeedStates(BaseModel):
    """All cameras, or the one that was asked for, whose fields stand at the top as well."""

    connected: bool = Field(description="Pictures come from every camera that was asked for.")
    frames_read: int = Field(description="Of all of them.")
    fps: float | None = Field(description="The slowest of them; None where one has no rate yet.")
    viewers: int = Field(description="Streams that are watched at the moment.")
    cameras: list[FeedState]


@router.get(
    "/api/video_feed",
    summary="A camera's live pictures as MJPEG",
    response_class=Response,
    responses={
        200: {
            "content": {f"multipart/x-mixed-replace; boundary={BOUNDARY}": {"schema": {"type": "string"}}},
            "description": "JPEG pictures without end.",
        },
        **_REFUSALS,
    },
)
async def video_feed(request: Request, asked: Annotated[WhichCamera, Query()]) -> Response:
    """For an `<img>`: boxes, counts and clock drawn over the picture. A dark camera says so in its picture.

    A slow viewer gets fewer pictures, never older ones.
    """
    hub: VideoHub = request.app.state.video
    channel = _channel(hub, asked.camera)
    return begin(request, mjpeg(hub, channel), f"multipart/x-mixed-replace; boundary={BOUNDARY}")


@router.get("/api/video_feed/status", response_model=FeedStates, summary="How the cameras fare", responses=_REFUSALS)
async def video_status(request: Request, asked: Annotated[WhichCamera, Query()]) -> Response:
    """Connected or not, pictures read, pictures a second, age of the last one; of one camera or of all."""
    hub: VideoHub = request.app.state.video
    channels = hub.channels() if asked.camera is None else [_channel(hub, asked.camera)]
    states = [state_of(channel) for channel in channels]
    rates = [state["fps"] for state in states]
    return json_response(
        {
            "connected": bool(states) and all(state["connected"] for state in states),
            "frames_read": sum(state["frames_read"] for state in states),
            "fps": min(rates) if rates and None not in rates else None,
            "viewers": request.app.state.viewers.now,
            "cameras": states,
        }
    )


@router.get(
    "/api/video_feed/snapshot",
    summary="A camera's newest picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "A JPEG picture."}, **_REFUSALS},
)
async def snapshot(request: Request, asked: Annotated[WhichCamera, Query()]) -> Response:
    """One JPEG with everything drawn over it; 503 while the camera is dark."""
    channel = _channel(request.app.state.video, asked.camera)
    jpeg = await channel.next("full", 0, _SNAPSHOT_WAIT_S)
    if jpeg is None or not jpeg.is_live:
        says = channel.feed.status().says or "no picture came in time"
        raise _refusal(503, "camera_dark", f"{channel.feed.camera} has no picture: {says}", field="camera")
    at = jpeg.captured_at.isoformat() if jpeg.captured_at else ""
    return Response(jpeg.data, media_type="image/jpeg", headers={"X-Captured-At": at})


def begin(request: Request, parts: Any, media_type: str) -> EndlessResponse:
    """An endless answer for one more viewer.

    Raises:
        HTTPException: 503 when as many look as may.
    """
    viewers: Viewers = request.app.state.viewers
    if request.app.state.video.is_closed or not viewers.try_begin():
        raise _refusal(503, "too_many_viewers", f"{viewers.limit} viewers look already: FACTORY_VIDEO__MAX_VIEWERS")
    return EndlessResponse(parts, viewers, media_type)


def state_of(channel: Channel) -> dict[str, Any]:
    """A row of ``FeedState``."""
    return {"camera": channel.feed.camera, **asdict(channel.feed.status())}


def json_response(content: Any) -> Response:
    """The content as JSON."""
    return Response(msgspec.json.encode(content), media_type="application/json")


def _channel(hub: VideoHub, camera: str | None) -> Channel:
    channels = hub.channels()
    if camera is None:
        if len(channels) == 1:
            return channels[0]
        known = ", ".join(channel.feed.camera for channel in channels) or "none is configured"
        raise _refusal(404, "camera_unknown", f"say which camera: {known}", field="camera")
    channel = hub.channel(camera)
    if channel is None:
        raise _refusal(404, "camera_unknown", f"there is no camera {camera!r} here", field="camera")
    return channel


def _refusal(status: int, code: str, detail: str, field: str | None = None) -> HTTPException:
    return HTTPException(status, detail={"code": code, "detail": detail, "field": field})
