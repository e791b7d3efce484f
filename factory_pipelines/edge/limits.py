"""Limits on what one caller may ask for: requests a minute, bytes a body."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factory_pipelines.edge.errors import send_error


@dataclass
class _Bucket:
    tokens: float
    at_s: float


class RateLimiter:
    """A token bucket for each caller: bursts up to a minute's worth, refilled evenly.

    Counts in this process only; a second process behind a balancer grants its own share. Holds at most ``callers_max``
    buckets: the caller not seen for longest is forgotten first, which can only be generous to them.
    """

    def __init__(
        self, per_minute: int, *, clock: Callable[[], float] = time.monotonic, callers_max: int = 10_000
    ) -> None:
        """``clock`` counts seconds."""
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._callers_max = callers_max
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, caller: str) -> int:
        """Takes one token of ``caller``; 0 when there was one, else the whole seconds until there is one again."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.pop(caller, None) or _Bucket(self._capacity, now)
            self._buckets[caller] = bucket
            if len(self._buckets) > self._callers_max:
                self._buckets.popitem(last=False)
            bucket.tokens = min(self._capacity, bucket.tokens + (now - bucket.at_s) * self._per_second)
            bucket.at_s = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0
            return max(1, math.ceil((1 - bucket.tokens) / self._per_second))

    def __len__(self) -> int:
        return len(self._buckets)


class BodyLimit:
    """Answers 413 to a body above the limit, by its announced length or as soon as the bytes exceed it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        """``max_bytes`` is the largest body that passes; ``larger`` says what passes on some whole paths instead."""
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets requests with a body within the limit through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        max_bytes = self._larger.get(scope["path"], self._max_bytes)
        detail = f"the body is larger than {max_bytes} bytes: send less at a time"
        if not announced.isdigit() or int(announced) > max_bytes:
            await send_error(scope, send, 413, "body_too_large", detail, headers={"Connection": "close"})
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > max_bytes:
                # An HTTPException, because FastAPI turns any other exception of a body into a 400.
                raise HTTPException(413, detail={"code": "body_too_large", "detail": detail})
            return message

        await self._app(scope, counted, send)
