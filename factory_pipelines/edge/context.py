"""What every request carries: a correlation id, one log line, one measurement, one line of audit."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factory_pipelines.edge.audit import AuditLine, AuditTrail, outcome_of, printable
from factory_pipelines.edge.errors import error_response
from factory_pipelines.edge.metrics import EdgeMetrics

REQUEST_ID_HEADER = "X-Request-ID"

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_log = structlog.get_logger("factory.requests")


class RequestContext:
    """The outermost layer: whatever happens inside, the caller gets an answer with an id that the logs know too."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: EdgeMetrics,
        audit: Callable[[], AuditTrail | None],
        unaudited_paths: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        """``audit`` gives the trail, which lives only between start and end of the application."""
        self._app = app
        self._metrics = metrics
        self._audit = audit
        self._unaudited_paths = unaudited_paths
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else token_hex(8)
        scope.setdefault("state", {}).update(request_id=request_id, key_name=None, error_code=None)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started_s = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
                await self._finish(scope, status, time.perf_counter() - started_s)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            _log.exception("unexpected failure", path=printable(scope["path"]))
            if status:
                raise  # half an answer is out: only the end of the connection can say that it is broken
            response = error_response(
                scope, 500, "internal_error", "the server failed; its log knows more under this request_id"
            )
            await response(scope, receive, answer)

    async def _finish(self, scope: Scope, status: int, duration_s: float) -> None:
        state = scope["state"]
        route = getattr(scope.get("route"), "path", None)
        self._metrics.request(scope["method"], route, status, duration_s)
        path = printable(scope["path"])
        client_host = (scope.get("client") or (None,))[0]
        _log.info(
            "request",
            method=printable(scope["method"], 20),
            path=path,
            route=route,
            status=status,
            error_code=state["error_code"],
            duration_ms=round(duration_s * 1000, 3),
            key=state["key_name"],
            client=client_host,
        )
        audit = self._audit()
        if audit is None or scope["path"] in self._unaudited_paths:
            return
        line = AuditLine(
            at=self._clock(),
            actor=state["key_name"],
            client_host=client_host,
            action=f"{printable(scope['method'], 20)} {route or '(no route)'}",
            path=path,
            outcome=outcome_of(status),
            status_code=status,
            error_code=state["error_code"],
            duration_ms=duration_s * 1000,
            request_id=state["request_id"],
        )
        if status < 400 and scope["method"] not in _READING:
            await run_in_threadpool(audit.write, line)  # something changed: it is on record before anybody hears of it
        else:
            audit.add(line)
