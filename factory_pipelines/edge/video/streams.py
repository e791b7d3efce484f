"""Endless answers: each viewer gets the newest picture whenever it has taken the last one; none waits for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from factory_pipelines.edge.video.hub import Channel, Jpeg, Size, VideoHub

_log = structlog.get_logger(__name__)

BOUNDARY = "frame"
_QUIET_S = 1.0  # how often a stream without pictures looks whether its viewer is still there

Encoded = AsyncIterator[bytes]


@dataclass
class Viewers:
    """Who looks at the moment, and what became of the rest."""

    limit: int
    stalled_after_s: float = 20.0
    now: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"begun": 0, "left": 0, "stalled": 0, "refused": 0})

    def try_begin(self) -> bool:
        """A place for one more viewer, or False."""
        if self.now >= self.limit:
            self.counts["refused"] += 1
            return False
        self.now += 1
        self.counts["begun"] += 1
        return True

    def end(self, how: str) -> None:
        """Gives the place back."""
        self.now -= 1
        self.counts[how] += 1


class EndlessResponse(Response):
    """Sends parts until the viewer leaves, stops reading, or the source ends.

    A viewer that takes nothing for ``viewers.stalled_after_s`` is cut off: its connection holds one part and no more.
    The place among the viewers must have been taken; it is given back here.
    """

    def __init__(self, parts: Encoded, viewers: Viewers, media_type: str) -> None:
        """``parts`` yields an empty one now and then, so that a viewer who has left is noticed."""
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self.headers["Cache-Control"] = "no-store"
        self._parts = parts
        self._viewers = viewers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams."""
        left = asyncio.ensure_future(_until_left(receive))
        how = "left"
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for part in self._parts:
                if left.done():
                    return
                if part:
                    async with asyncio.timeout(self._viewers.stalled_after_s):
                        await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            how = "stalled"
            await _hang_up(scope)
        finally:
            left.cancel()
            self._viewers.end(how)


async def mjpeg(hub: VideoHub, channel: Channel) -> Encoded:
    """Parts of ``multipart/x-mixed-replace``, as a browser's ``<img>`` shows them."""
    seq = 0
    while not hub.is_closed and hub.channel(channel.feed.camera) is channel:
        jpeg = await channel.next("full", seq, _QUIET_S)
        if jpeg is None:
            yield b""
            continue
        seq = jpeg.seq
        yield part_of(jpeg)


def part_of(jpeg: Jpeg, extra: str = "") -> bytes:
    """One part with its length and the time of its picture."""
    at = jpeg.captured_at.isoformat() if jpeg.captured_at else ""
    head = (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg.data)}\r\n"
        f"X-Captured-At: {at}\r\nX-Live: {int(jpeg.is_live)}\r\n{extra}\r\n"
    )
    return b"".join((head.encode(), jpeg.data, b"\r\n"))


async def wall(
    hub: VideoHub, state: Callable[[], Awaitable[bytes]], *, size: Size = "wall", max_fps: float, state_every_s: float
) -> Encoded:
    """Pictures of all cameras, and every ``state_every_s`` the state as a JSON part, in one answer.

    One connection, because a browser opens six to a server and a wall may have more cameras. A viewer on a slow line
    gets fewer pictures of each camera, fairly.
    """
    loop = asyncio.get_running_loop()
    seen: dict[Channel, int] = {}
    told_at = -state_every_s
    while not hub.is_closed:
        began = loop.time()
        if began - told_at >= state_every_s:
            told_at = began
            text = await state()
            head = f"--{BOUNDARY}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            yield b"".join((head.encode(), text, b"\r\n"))
        channels = hub.channels()
        seen = {channel: seen.get(channel, 0) for channel in channels}
        for channel in channels:
            if (jpeg := channel.newest(size, seen[channel])) is not None:
                seen[channel] = jpeg.seq
                yield part_of(jpeg, extra=f"X-Camera: {channel.feed.camera}\r\n")
        await asyncio.sleep(max(0.0, 1 / max_fps - (loop.time() - began)))
        yield b""


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang_up(scope: Scope) -> None:
    """Drops the connection with what it still holds; an orderly end would wait for the viewer for ever."""
    _log.info("viewer reads nothing: connection dropped", camera_path=scope["path"])
    abort: Callable[[], None] | None = scope.get("extensions", {}).get("factory.abort")
    if abort is None:
        return
    abort()
    for _ in range(2):  # the server hears of it in the next turns of the loop
        await asyncio.sleep(0)
