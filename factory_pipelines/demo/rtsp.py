"""Simulated cameras: a small RTSP server (RFC 2326, RTP over the same TCP connection) with faults to be switched on.

It answers what cameras answer: DESCRIBE, SETUP, PLAY, Digest or Basic authentication, 401, 404, and 461 for UDP. Each
picture is encoded once, however many are watching, and only while somebody is.
"""

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from factory_pipelines.demo import h264
from factory_pipelines.demo.rtsp_protocol import Challenger, Request, read_request, response
from factory_pipelines.vision.types import Image

Fault = Literal["hang", "corrupt"]

# A player that does not read for so long is let go: a camera's memory is small.
_MOST_WAITING_BYTES = 4_000_000
_MUTATED_SHARE = 0.5


class Feed:
    """What one path shows: an endless sequence of encoded pictures, and who is watching."""

    def __init__(self, units: Callable[[], Iterator[h264.AccessUnit]], fps: float, *, is_costly: bool) -> None:
        """``is_costly``: making a unit takes time and is done outside of the event loop."""
        self.fps = fps
        self.fault: Fault | None = None
        self.watching: set[_Connection] = set()
        self._make = units
        self._units = units()
        self._is_costly = is_costly
        self._packetizer = h264.Packetizer(random.getrandbits(32))
        self._rng = random.Random(1)  # noqa: S311
        self._key_unit: h264.AccessUnit | None = None
        self._sent = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of_clip(cls, clip: h264.Clip) -> "Feed":
        """The clip, round and round."""

        def forever() -> Iterator[h264.AccessUnit]:
            while True:
                yield from clip.access_units

        return cls(forever, clip.fps, is_costly=False)

    @classmethod
    def of_images(cls, images: Callable[[], Iterator[Image]], fps: float) -> "Feed":
        """Pictures encoded as they are sent; when ``images`` end they begin anew."""

        def encoded() -> Iterator[h264.AccessUnit]:
            encoder = h264.Encoder(fps)
            while True:
                for image in images():
                    yield encoder.encode(image)

        return cls(encoded, fps, is_costly=True)

    async def describe(self, host: str) -> str:
        """The SDP, from a key picture."""
        if self._key_unit is None:
            self._key_unit = await asyncio.to_thread(next, self._make())
        return h264.describe(self._key_unit, self.fps, host=host)

    def add(self, connection: "_Connection") -> None:
        """Shows the feed to one more, from the next key picture on."""
        self.watching.add(connection)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    def remove(self, connection: "_Connection") -> None:
        """One less; without anybody the feed rests."""
        self.watching.discard(connection)

    def replace(self, other: "Feed") -> None:
        """Shows what ``other`` shows, from now on, to those who are watching: another resolution, another scene."""
        self._make, self._units, self._is_costly, self._key_unit = other._make, other._units, other._is_costly, None

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while self.watching:
            unit = await asyncio.to_thread(next, self._units) if self._is_costly else next(self._units)
            if self.fault != "hang":
                self._broadcast(unit)
            self._sent += 1
            due_s = max(due_s + 1 / self.fps, loop.time() - 1.0)
            await asyncio.sleep(due_s - loop.time())

    def _broadcast(self, unit: h264.AccessUnit) -> None:
        if is_key := h264.is_key(unit):
            self._key_unit = unit
        packets = self._packetizer.packets(unit, round(self._sent * h264.CLOCK_HZ / self.fps))
        if self.fault == "corrupt":
            packets = [self._corrupted(packet) for packet in packets]
        for connection in tuple(self.watching):
            connection.show(packets, is_key=is_key)

    def _corrupted(self, packet: bytes) -> bytes:
        """The packet with its payload damaged, as behind a bad cable that TCP's checksum did not see."""
        damaged = bytearray(packet)
        for place in range(13, len(damaged)):
            if self._rng.random() < _MUTATED_SHARE:
                damaged[place] = self._rng.randrange(256)
        return bytes(damaged)


class RtspServer:
    """One port, several cameras; runs in a thread of its own. All methods may be called from any thread."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str = "",
        scheme: Literal["digest", "basic"] = "digest",
    ) -> None:
        """``port`` 0 takes a free one; without a ``user`` nobody is asked who they are."""
        self._host = host
        self.port = port
        self._login = None if user is None else (user, password)
        self._scheme = scheme
        self.feeds: dict[str, Feed] = {}
        self.is_mute = False  # accepts, and never says a word
        self.connections = 0  # accepted since the start
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._door: asyncio.Server | None = None
        self._thread = Thread(target=self._run, name="rtsp-server", daemon=True)
        self._ready = Event()

    def challenger(self) -> Challenger | None:
        """Who asks one connection for the password; None where nobody does."""
        return None if self._login is None else Challenger(*self._login, self._scheme)

    def address(self, path: str, *, with_login: bool = True) -> str:
        """Where ``path`` is played, for a camera's configuration."""
        login = ""
        if self._login and with_login:
            login = ":".join(quote(part, safe="") for part in self._login) + "@"
        return f"rtsp://{login}{self._host}:{self.port}/{path}"

    def start(self) -> "RtspServer":
        """Listens from now on.

        Raises:
            OSError: when the port cannot be had.
        """
        self._thread.start()
        self._ready.wait()
        self.open_door()
        return self

    def open_door(self) -> None:
        """Listens, on the same port as before."""
        self._call(self._listen())

    def close_door(self) -> None:
        """Cuts every connection and refuses new ones, as a camera without power (whose switch still answers)."""
        self._call(self._shut())

    def show(self, path: str, feed: Feed) -> None:
        """Puts ``feed`` at ``path``; whoever watches that path sees it from its first picture on."""

        async def put() -> None:
            if path in self.feeds:
                self.feeds[path].replace(feed)
            else:
                self.feeds[path] = feed

        self._call(put())

    def close(self) -> None:
        """Ends the server and its thread."""
        self.close_door()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _listen(self) -> None:
        self._door = await asyncio.start_server(self._accept, self._host, self.port, family=socket.AF_INET)
        self.port = self._door.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._door is not None:
            self._door.close()
        for connection in tuple(self._open):
            connection.abort()
        while self._open:
            await asyncio.sleep(0.005)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = _Connection(self, reader, writer)
        self._open.add(connection)
        try:
            await connection.serve()
        except asyncio.CancelledError:
            pass  # the server ends; asyncio would log the cancelled task of a connection as an error
        finally:
            self._open.discard(connection)
            connection.abort()


class _Connection:
    """One player."""

    def __init__(self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._challenger = server.challenger()
        self._feed: Feed | None = None
        self._channel = 0
        self._has_begun = False

    async def serve(self) -> None:
        """Answers until the player goes."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while (request := await read_request(self._reader)) is not None:
                if self._server.is_mute or (self._feed is not None and self._feed.fault == "hang"):
                    continue
                self._writer.write(await self._answer(request))
                if request.method == "PLAY" and self._feed is not None:
                    self._feed.add(self)
                if request.method == "TEARDOWN":
                    return

    def show(self, packets: list[bytes], *, is_key: bool) -> None:
        """One picture, from the first key picture on; a player that does not read is let go."""
        self._has_begun = self._has_begun or is_key
        if not self._has_begun or self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _MOST_WAITING_BYTES:
            self.abort()
            return
        self._writer.write(b"".join(struct.pack("!BBH", 0x24, self._channel, len(p)) + p for p in packets))

    def abort(self) -> None:
        """Lets the player go at once."""
        if self._feed is not None:
            self._feed.remove(self)
        self._writer.transport.abort()

    async def _answer(self, request: Request) -> bytes:
        if self._challenger is not None and request.method != "OPTIONS" and not self._challenger.accepts(request):
            return response(request, 401, {"WWW-Authenticate": self._challenger.challenge()})
        path = urlsplit(request.url).path.strip("/").removesuffix("/track1")
        feed = self._server.feeds.get(path)
        if request.method == "OPTIONS":
            return response(request, 200, {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"})
        if feed is None:
            return response(request, 404)
        if request.method == "DESCRIBE":
            body = await feed.describe("127.0.0.1")
            headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
            return response(request, 200, headers, body)
        if request.method == "SETUP":
            return self._set_up(request, feed)
        if request.method in {"PLAY", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"}:
            return response(request, 200, {"Session": "1"})
        return response(request, 405)

    def _set_up(self, request: Request, feed: Feed) -> bytes:
        transport = request.headers.get("transport", "")
        if "RTP/AVP/TCP" not in transport:
            return response(request, 461)
        options = dict(part.split("=", 1) for part in transport.split(";") if "=" in part)
        first, _, last = options.get("interleaved", "0-1").partition("-")
        self._channel = int(first)
        self._feed = feed
        agreed = f"RTP/AVP/TCP;unicast;interleaved={first}-{last or int(first) + 1}"
        return response(request, 200, {"Transport": agreed, "Session": "1;timeout=60"})
