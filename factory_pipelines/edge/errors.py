"""One error body for every refusal and failure.

``{"ok": false, "error": {"code", "detail", "field"?, "request_id"}}``: ``code`` is for programs and never changes its
meaning, ``detail`` is for people and says what to do, ``field`` names the parameter at fault. Routers raise
``HTTPException`` with a text, or with ``{"code": …, "detail": …, "field": …}`` as its detail.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope, Send

from factory_pipelines.warehouse.pool import WarehouseUnavailableError

RETRY_AFTER_S = 5
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

Handler = Callable[[Request, Any], Awaitable[Response]]

# What it means when the server rejects a statement that the tests know to be right.
_BUSY = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction)


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="For programs; stable.", examples=["parameter_invalid"])
    detail: str = Field(description="For people: what is wrong and what to do.")
    field: str | None = Field(None, description="The parameter at fault, where there is one.", examples=["day"])
    request_id: str = Field(description="X-Request-ID of this answer: find it in the logs and the audit log.")


class ErrorAnswer(BaseModel):
    """The body of every answer from 400 on."""

    ok: bool = Field(False, description="Always false.", examples=[False])
    error: ErrorDetail


def request_id_of(scope: Scope) -> str:
    """Correlation id of the request; empty outside of one."""
    return str(scope.get("state", {}).get("request_id", ""))


def code_of(status: int) -> str:
    """The code of a status that nobody gave a more telling one: ``not_found``, ``conflict``."""
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")


def error_body(code: str, detail: str, request_id: str, field: str | None = None) -> bytes:
    """The one error body, as JSON."""
    error = {"code": code, "detail": detail, "request_id": request_id}
    if field is not None:
        error["field"] = field
    return msgspec.json.encode({"ok": False, "error": error})


def error_response(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A response with the one error body; the code is remembered for the log and the audit log."""
    scope.setdefault("state", {})["error_code"] = code
    body = error_body(code, detail, request_id_of(scope), field)
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


async def send_error(
    scope: Scope, send: Send, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
) -> None:
    """Answers with an error from middleware, before any route is reached."""
    response = error_response(scope, status, code, detail, headers=headers)
    await response(scope, _nothing_to_receive, send)


def install(app: FastAPI) -> None:
    """Makes ``app`` answer every expected failure in the one form."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(WarehouseUnavailableError, _warehouse_away)
    for busy in _BUSY:
        app.add_exception_handler(busy, _warehouse_busy)
    for missing in _NOT_MIGRATED:
        app.add_exception_handler(missing, _not_migrated)


async def _http_error(request: Request, error: Any) -> Response:
    detail = error.detail
    if not isinstance(detail, Mapping):
        detail = {"detail": str(detail)}
    code = str(detail.get("code") or code_of(error.status_code))
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return error_response(
        request.scope,
        error.status_code,
        code,
        str(detail.get("detail", "")),
        field=detail.get("field"),
        headers=headers,
    )


def _allowed(request: Request) -> str:
    """The methods of all routes of this path: the router itself names those of the first alone."""

    def is_answered(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return ", ".join(filter(is_answered, _METHODS))


async def _invalid_request(request: Request, error: Any) -> Response:
    first = error.errors()[0]
    if first["loc"][:1] == ("body",) and not _says_json(request):
        detail = "the body is not said to be JSON: send JSON, with the header Content-Type: application/json"
        return error_response(request.scope, 415, "content_type_unsupported", detail, field="Content-Type")
    # The first part says where the parameter stood (query, path, body); people know it by its name.
    where, *names = [str(part) for part in first["loc"]]
    field = ".".join(names) or where
    return error_response(request.scope, 422, "parameter_invalid", f"{field}: {_message(first)}", field=field)


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _message(error: Mapping[str, Any]) -> str:
    message = str(error["msg"])
    return "no such parameter: see /docs for the names" if error["type"] == "extra_forbidden" else message


async def _warehouse_away(request: Request, _error: Any) -> Response:
    return _retry_later(request, "warehouse_unavailable", "the warehouse does not answer; try again in a few seconds")


async def _warehouse_busy(request: Request, _error: Any) -> Response:
    return _retry_later(request, "warehouse_busy", "the warehouse did not answer in time; try again in a few seconds")


async def _not_migrated(request: Request, _error: Any) -> Response:
    return _retry_later(
        request, "warehouse_not_migrated", "the warehouse lacks a table this answer needs: run `factory migrate`"
    )


def _retry_later(request: Request, code: str, detail: str) -> Response:
    return error_response(request.scope, 503, code, detail, headers={"Retry-After": str(RETRY_AFTER_S)})


async def _nothing_to_receive() -> Any:
    return {"type": "http.disconnect"}
