"""The door: no route answers without a key unless it is marked public, and nobody asks too often."""

import time
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from factory_pipelines.edge.errors import send_error
from factory_pipelines.edge.limits import RateLimiter
from factory_pipelines.edge.security import ApiKeys

KEY_HEADER = "X-API-Key"
TICKET_COOKIE = "factory_ticket"

# A ticket lets a page show, never change: whoever makes a browser ask achieves nothing.
_SHOWING = frozenset({"GET", "HEAD"})


class Gate:
    """Default-deny: an unknown path needs a key as well, so that a stranger learns nothing about the routes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: ApiKeys,
        limiter: RateLimiter,
        public_paths: frozenset[str],
        max_header_bytes: int,
    ) -> None:
        """``public_paths`` are whole paths, without parameters."""
        self._app = app
        self._keys = keys
        self._limiter = limiter
        self._public_paths = public_paths
        self._max_header_bytes = max_header_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers 401, 429 or 431."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route speaks WebSocket yet: an unguarded one must not slip in
            await send({"type": "websocket.close", "code": 1008})
            return
        # The server cuts off heads that never end; one that is complete and too large is for us to refuse.
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > self._max_header_bytes:
            limit = f"the headers are larger than {self._max_header_bytes} bytes together"
            await send_error(scope, send, 431, "headers_too_large", limit)
            return
        headers = Headers(scope=scope)
        key_name = self._keys.name_of(secret) if (secret := _presented(headers)) else None
        if secret is None and scope["method"] in _SHOWING and (ticket := _ticket(headers)):
            key_name = self._keys.name_of_ticket(ticket, time.time())
        scope["state"]["key_name"] = key_name
        # Strangers share a bucket per address: guessing keys is limited like everything else.
        caller = f"key:{key_name}" if key_name else f"address:{(scope.get('client') or ('unknown',))[0]}"
        if wait_s := self._limiter.wait_s(caller):
            await send_error(
                scope, send, 429, "rate_limited", f"too many requests: try again in {wait_s} s",
                headers={"Retry-After": str(wait_s)},
            )  # fmt: skip
        elif key_name is None and scope["path"] not in self._public_paths:
            await send_error(
                scope, send, 401, "key_missing" if secret is None else "key_unknown",
                f"send one of the keys of FACTORY_API__KEYS in the header {KEY_HEADER}",
                headers={"WWW-Authenticate": 'Bearer realm="factory"'},
            )  # fmt: skip
        else:
            await self._app(scope, receive, send)


def _presented(headers: Headers) -> str | None:
    """The secret the caller sent: in our header, or as a bearer token, which is what Prometheus can send."""
    if (secret := headers.get(KEY_HEADER)) is not None:
        return secret
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _ticket(headers: Headers) -> str | None:
    """The ticket of a browser that has shown its key once (``edge/sessions.py``)."""
    try:
        found = SimpleCookie(headers.get("Cookie", "")).get(TICKET_COOKIE)
    except CookieError:
        return None
    return found.value if found else None
