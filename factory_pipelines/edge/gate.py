"""The door: no route answers without a key unless it is marked public, and nobody asks too often."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from factory_pipelines.edge.errors import send_error
from factory_pipelines.edge.limits import RateLimiter
from factory_pipelines.edge.security import ApiKeys

KEY_HEADER = "X-API-Key"


class Gate:
    """Default-deny: an unknown path needs a key as well, so that a stranger learns nothing about the routes."""

    def __init__(self, app: ASGIApp, *, keys: ApiKeys, limiter: RateLimiter, public_paths: frozenset[str]) -> None:
        """``public_paths`` are whole paths, without parameters."""
        self._app = app
        self._keys = keys
        self._limiter = limiter
        self._public_paths = public_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers 401 or 429."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route speaks WebSocket yet: an unguarded one must not slip in
            await send({"type": "websocket.close", "code": 1008})
            return
        key_name = self._keys.name_of(secret) if (secret := _presented(Headers(scope=scope))) else None
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
