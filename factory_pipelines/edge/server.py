"""The edge as a process: one port, JSON logs, and an end within three seconds."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from threading import Timer
from typing import Any

import h11
import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from factory_pipelines.edge.errors import error_body
from factory_pipelines.edge.logs import configure_logs
from factory_pipelines.operations.credentials import InsecureConfigurationError, secret_values
from factory_pipelines.settings import Settings

_log = structlog.get_logger(__name__)

# SIGTERM to gone: answers under way may finish, then their queries are cancelled, then the process ends regardless.
_FINISH_ANSWERS_S = 1
_CANCEL_QUERIES_S = 0.7
_HARD_END_S = 2.5


def serve(settings: Settings, make_app: Callable[[Settings], FastAPI] | None = None, *, part: str = "all") -> int:
    """Serves the API until SIGTERM or Ctrl-C; the exit status: 0 after an orderly end, 1 when it cannot start.

    The reason why it cannot start (port taken, no key, a known password) stands in the last log line.

    Args:
        settings: the whole tree.
        make_app: makes the application; default: ``edge.app.create_app``.
        part: which part of the edge this process is (``edge.roles.Part``).
    """
    configure_logs(secret_values(settings))
    from factory_pipelines.edge.app import create_app
    from factory_pipelines.edge.roles import Part

    try:
        app = make_app(settings) if make_app else create_app(settings, part=Part(part))
        listener = _listen(settings.api.host, settings.api.port)
    except InsecureConfigurationError as error:
        _log.error("refusing to start", reason=str(error))
        return 1
    except OSError as error:
        _log.error(
            f"port {settings.api.port} on {settings.api.host} cannot be had: stop whoever has it, "
            "or choose another with FACTORY_API__PORT",
            reason=error.strerror,
        )
        return 1
    server = _Server(_configuration(settings, app), app)
    # uvicorn repeats the signal when it is done; an orderly end is a success, not a death by signal.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    host, port = listener.getsockname()[:2]
    _log.info("serving", url=f"http://{host}:{port}", docs=f"http://{host}:{port}/docs")
    server.run(sockets=[listener])
    server.deadline.cancel()
    # Everything is closed. To look once more for garbage in all that was loaded takes two of the three seconds.
    gc.freeze()
    return 0 if server.started else 1


def _configuration(settings: Settings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Anybody on this machine could claim any address otherwise, and guess keys from a new one each time.
        proxy_headers=False,
        h11_max_incomplete_event_size=settings.api.max_header_bytes,
        timeout_graceful_shutdown=_FINISH_ANSWERS_S,
        backlog=256,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this option would let two processes share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, with our error body for what is no HTTP or has too many headers.

    An application finds ``factory.abort`` among the extensions of its scope: it drops the connection with whatever the
    other end has not read, where an orderly end would wait for a viewer that never reads.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})["factory.abort"] = self.transport.abort
            await inner(scope, receive, send)

        self.app = app

    def send_400_response(self, msg: str) -> None:
        """Answers and hangs up. Called while the parser's exception is being handled."""
        error = sys.exc_info()[1]
        too_large = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        status, code, detail = (
            (431, "headers_too_large", "the headers are too large: see FACTORY_API__MAX_HEADER_BYTES")
            if too_large
            else (400, "bad_request", msg)
        )
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers = [("content-type", "application/json"), ("connection", "close")]
            events: list[Any] = [
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=error_body(code, detail, "")),
                h11.EndOfMessage(),
            ]
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server, whose end has a deadline."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self.deadline = Timer(_HARD_END_S, _end_now)
        self.deadline.daemon = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets answers finish, cancels the queries of those that do not, and is over in time whatever happens."""
        self.deadline.start()
        self._app.state.video.close()  # streams end now; everybody else may finish
        cancelling = asyncio.get_running_loop().call_later(_CANCEL_QUERIES_S, self._cancel_queries)
        await super().shutdown(sockets)
        cancelling.cancel()

    def _cancel_queries(self) -> None:
        for name in ("warehouse", "writer"):
            watched = getattr(self._app.state, name, None)
            if watched is not None:
                asyncio.get_running_loop().run_in_executor(None, watched.cancel_all)


def _end_now() -> None:
    _log.warning("ended with work unfinished: something did not let go in time")
    sys.stderr.flush()
    os._exit(0)
