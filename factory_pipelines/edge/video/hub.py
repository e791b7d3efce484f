"""Cameras as JPEG pictures: encoded once for all who look, and only while somebody looks.

A thread a watched camera takes the newest picture, draws over it, encodes it and wakes the viewers on their event
loops. It never queues: whoever was busy gets the newest picture next, and a camera that nobody watches costs nothing.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from threading import Lock, Thread
from typing import Literal, Protocol

from factory_pipelines.edge.video.overlay import Annotations, draw, no_picture, title_of
from factory_pipelines.vision.types import Image

Size = Literal["full", "wall"]

_WALL_WIDTH_PX = 640
_WATCHED_FOR_S = 3.0  # after the last question a camera still counts as watched
_CARD_EVERY_S = 1.0


class Picture(Protocol):
    """A frame of a camera, as ``edge.streams.slot`` has it."""

    @property
    def seq(self) -> int:
        """Counts the camera's pictures."""

    @property
    def image(self) -> Image:
        """Nobody writes into it."""

    @property
    def captured_at(self) -> datetime:
        """When it was taken."""


class PictureSource(Protocol):
    """Where the newest picture of a camera is."""

    def peek(self, after_seq: int, timeout_s: float) -> Picture | None:
        """The newest picture after ``after_seq``, waited for; None when none comes in time."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a camera fares.

    Attributes:
        connected: pictures come.
        state: in a word: ``live``, ``connecting``, ``dark``, ``disabled``.
        says: why it is not live, in words; empty while it is.
        frames_read: pictures since the start of the process.
        fps: pictures a second lately; None before the first.
        last_frame_at: when the last picture was taken; None before the first.
        age_s: how long ago that is.
    """

    connected: bool
    state: str
    says: str
    frames_read: int
    fps: float | None
    last_frame_at: datetime | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Jpeg:
    """An encoded picture.

    Attributes:
        seq: rises with every picture of the channel, cards for a dark camera included.
        data: the JPEG file.
        captured_at: when the picture was taken; of a card, of the last picture.
        is_live: false for a card that says that there is no picture.
    """

    seq: int
    data: bytes
    captured_at: datetime | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """What the hub needs of a camera; the functions are called from any thread and answer at once."""

    camera: str
    source: PictureSource
    annotations: Callable[[], Annotations]
    status: Callable[[], FeedStatus]
    zone: tzinfo = UTC
    max_fps: float = 12.5


class Channel:
    """One camera for any number of viewers."""

    def __init__(self, feed: Feed, *, quality: int) -> None:
        """Nothing runs before the first viewer asks."""
        self.feed = feed
        self.encoded = 0
        self._quality = quality
        self._lock = Lock()
        self._asked_at: dict[Size, float] = {}
        self._latest: dict[Size, Jpeg] = {}
        self._waiting: dict[Size, list[asyncio.Future[Jpeg | None]]] = {}
        self._thread: Thread | None = None
        self._is_closed = False
        self._seq = 0
        self._thread_began_at_seq = 0

    @property
    def is_watched(self) -> bool:
        """Whether anybody has looked lately: such a camera is worth decoding at its full rate."""
        return bool(self._wanted())

    async def next(self, size: Size, after_seq: int, timeout_s: float) -> Jpeg | None:
        """The newest JPEG after ``after_seq``, waited for; None when none came in time or the hub closes."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if (there := self._look(size, after_seq)) is not None or self._is_closed:
                return there
            future: asyncio.Future[Jpeg | None] = loop.create_future()
            self._waiting.setdefault(size, []).append(future)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            return None

    def newest(self, size: Size, after_seq: int) -> Jpeg | None:
        """The newest JPEG after ``after_seq`` if there is one now; asking makes the camera watched."""
        with self._lock:
            return self._look(size, after_seq)

    def close(self) -> None:
        """Everybody who waits is told that nothing more comes."""
        with self._lock:
            self._is_closed = True
            waiting, self._waiting = self._waiting, {}
        for futures in waiting.values():
            _resolve(futures, None)

    def _look(self, size: Size, after_seq: int) -> Jpeg | None:
        if self._is_closed:
            return None
        self._asked_at[size] = time.monotonic()
        self._ensure_thread()
        latest = self._latest.get(size)
        # What is left over from the last time somebody looked is no live picture.
        is_new = latest is not None and latest.seq > max(after_seq, self._thread_began_at_seq)
        return latest if is_new else None

    def _wanted(self) -> list[Size]:
        since = time.monotonic() - _WATCHED_FOR_S
        return [size for size, asked_at in list(self._asked_at.items()) if asked_at >= since]

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread_began_at_seq = self._seq
            self._thread = Thread(target=self._run, name=f"video-{self.feed.camera}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        seen_seq = 0
        last: Image | None = None
        next_at = card_at = 0.0
        while True:
            with self._lock:
                wanted = self._wanted()
                if not wanted or self._is_closed:
                    self._thread = None
                    return
            if (early_s := next_at - time.monotonic()) > 0:
                time.sleep(early_s)
            picture = self.feed.source.peek(seen_seq, 0.25)
            now = time.monotonic()
            if picture is not None:
                seen_seq, last = picture.seq, picture.image
                # A little early is in time: cameras do not tick like clocks.
                next_at = now + 0.85 / self.feed.max_fps
                drawn = draw(picture.image, self.feed.annotations(), title=self._title(picture.captured_at))
                self._publish(wanted, drawn, picture.captured_at, is_live=True)
            elif not (status := self.feed.status()).connected and now >= card_at:
                card_at = now + _CARD_EVERY_S
                card = no_picture(last, camera=self.feed.camera, says=status.says)
                self._publish(wanted, card, status.last_frame_at, is_live=False)

    def _title(self, captured_at: datetime) -> str:
        return title_of(self.feed.camera, captured_at.astimezone(self.feed.zone))

    def _publish(self, wanted: list[Size], image: Image, captured_at: datetime | None, *, is_live: bool) -> None:
        for size in wanted:
            data = encode(image, self._quality, max_width=_WALL_WIDTH_PX if size == "wall" else None)
            with self._lock:
                self._seq += 1
                self.encoded += 1
                jpeg = self._latest[size] = Jpeg(self._seq, data, captured_at, is_live)
                futures = self._waiting.pop(size, [])
            _resolve(futures, jpeg)


class VideoHub:
    """The cameras that can be watched."""

    def __init__(self, *, quality: int = 80) -> None:
        """``quality`` of the JPEGs, 1 to 100."""
        self._quality = quality
        self._channels: dict[str, Channel] = {}
        self._lock = Lock()
        self.is_closed = False

    def add(self, feed: Feed) -> Channel:
        """Makes a camera watchable, in the place of one with the same name."""
        channel = Channel(feed, quality=self._quality)
        with self._lock:
            replaced = self._channels.get(feed.camera)
            self._channels[feed.camera] = channel
        if replaced is not None:
            replaced.close()
        return channel

    def remove(self, camera: str) -> None:
        """Ends its viewers' streams; no error where there is none."""
        with self._lock:
            channel = self._channels.pop(camera, None)
        if channel is not None:
            channel.close()

    def channel(self, camera: str) -> Channel | None:
        """The camera's channel, or None."""
        return self._channels.get(camera)

    def channels(self) -> list[Channel]:
        """All, by name."""
        with self._lock:
            return [self._channels[name] for name in sorted(self._channels)]

    def close(self) -> None:
        """Ends every stream now: a server that stops must not wait for people who look."""
        self.is_closed = True
        for channel in self.channels():
            channel.close()


def encode(image: Image, quality: int, *, max_width: int | None = None) -> bytes:
    """The picture as a JPEG file, made smaller where it is wider than ``max_width``.

    Raises:
        ValueError: for what is no picture.
    """
    import cv2

    height, width = image.shape[:2]
    if max_width is not None and width > max_width:
        size = max_width, max(1, height * max_width // width)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype, copy=False)
    is_encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_encoded:
        raise ValueError(f"a picture of {width} × {height} cannot be a JPEG")
    return data.tobytes()


def _resolve(futures: list["asyncio.Future[Jpeg | None]"], jpeg: Jpeg | None) -> None:
    """Wakes everybody with one call into each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[Jpeg | None]]] = {}
    for future in futures:
        loops.setdefault(future.get_loop(), []).append(future)
    for loop, waiting in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_wake, waiting, jpeg)


def _wake(futures: list["asyncio.Future[Jpeg | None]"], jpeg: Jpeg | None) -> None:
    for future in futures:
        if not future.done():
            future.set_result(jpeg)
