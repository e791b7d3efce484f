"""Keys, limits, errors, correlation ids, and the audit log of all that."""

import json
import re
import time
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from psycopg import sql
from pydantic import BaseModel

from factory_pipelines.edge.app import create_app
from factory_pipelines.edge.errors import ErrorAnswer
from factory_pipelines.edge.pages import operations
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.conftest import SECRET, Clock

PUBLIC = ["/", "/about", "/docs", "/openapi.json", "/wall.css", "/wall.js", "/api/health", "/api/health/ready"]


class Note(BaseModel):
    text: str


def extra_routes() -> APIRouter:
    """A route that takes a body, and one with a defect."""
    router = APIRouter()

    @router.post("/test/notes/{note_id}")
    def keep(note_id: int, note: Note, request: Request) -> dict[str, Any]:
        return {"note_id": note_id, "length": len(note.text), "by": request.state.key_name}

    @router.get("/test/defect")
    def defect() -> None:
        raise RuntimeError("the secret reason")

    return router


@pytest.fixture
def app(edge_settings: Settings, clock: Clock) -> FastAPI:
    return create_app(edge_settings, clock=clock, routers=[extra_routes()])


def error(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    ErrorAnswer.model_validate_json(response.content)
    body = response.json()
    assert body["ok"] is False
    assert body["error"]["request_id"] == response.headers["X-Request-ID"]
    return body["error"]


def audit_rows(warehouse: Warehouse, at_least: int) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT * FROM edge.audit_log ORDER BY audit_id")
    deadline = time.monotonic() + 10
    while len(rows := warehouse.rows(query)) < at_least and time.monotonic() < deadline:
        time.sleep(0.05)
    return rows


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_needs_no_key(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_everything_else_does(stranger: TestClient) -> None:
    documented = operations(stranger.get("/openapi.json").json())
    asked = [(method, re.sub(r"{\w+}", "1", path)) for method, path, _ in documented]
    closed = [one for one in asked if one[1] not in {*PUBLIC, "/api/session"}]
    assert len(closed) >= 30
    unknown = [("GET", path) for path in ("/no/such/route", "/docs/", "/api//health", "/API/health")]
    for method, path in [*closed, *unknown]:
        assert error(stranger.request(method, path), 401)["code"] == "key_missing", path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-API-Key": SECRET}, 200),
        ({"Authorization": f"Bearer {SECRET}"}, 200),
        ({"X-API-Key": f"tests:{SECRET}"}, 401),
        ({"X-API-Key": SECRET[:-1]}, 401),
        ({"X-API-Key": ""}, 401),
        ({"Authorization": f"Basic {SECRET}"}, 401),
        ({"X-API-Key": "wrong", "Authorization": f"Bearer {SECRET}"}, 401),
    ],
    ids=["header", "bearer", "name and secret", "one letter short", "empty", "basic", "a wrong header wins"],
)
def test_the_key(stranger: TestClient, headers: dict[str, str], status: int) -> None:
    response = stranger.get("/api/system-info", headers=headers)
    assert response.status_code == status
    if status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert SECRET not in response.text


def test_one_body_for_every_error(client: TestClient) -> None:
    assert error(client.get("/no/such/route"), 404)["code"] == "not_found"
    wrong_method = client.delete("/api/health")
    assert error(wrong_method, 405)["code"] == "method_not_allowed"
    assert "GET" in wrong_method.headers["Allow"]
    assert error(client.get("/api/health", params={"ready": "maybe"}), 422)["field"] == "ready"
    invalid = error(client.post("/test/notes/1", content=b"{", headers={"Content-Type": "application/json"}), 422)
    assert invalid["code"] == "parameter_invalid"
    assert error(client.post("/test/notes/1", json={}), 422)["field"] == "text"


def test_a_defect_is_answered_and_keeps_its_reason_to_itself(client: TestClient) -> None:
    response = client.get("/test/defect")
    assert error(response, 500)["code"] == "internal_error"
    assert "secret reason" not in response.text


def test_a_correlation_id_is_kept_or_made(client: TestClient) -> None:
    assert client.get("/", headers={"X-Request-ID": "plant-42:7"}).headers["X-Request-ID"] == "plant-42:7"
    made = [client.get("/").headers["X-Request-ID"] for _ in range(2)]
    assert len(set(made)) == 2
    forged = client.get("/", headers={"X-Request-ID": '"}{"level":"info'}).headers["X-Request-ID"]
    assert forged.isalnum()


def test_too_many_requests_of_one_key_are_refused_and_of_another_are_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "another-secret-of-the-tests"
    monkeypatch.setenv("FACTORY_API__KEYS", json.dumps([f"one:{SECRET}", f"two:{other}"]))
    monkeypatch.setenv("FACTORY_API__RATE_LIMIT_PER_MIN", "5")
    with TestClient(create_app(load_settings())) as client:
        statuses = [client.get("/api/system-info", headers={"X-API-Key": SECRET}).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        limited = client.get("/api/system-info", headers={"X-API-Key": SECRET})
        assert error(limited, 429)["code"] == "rate_limited"
        assert 1 <= int(limited.headers["Retry-After"]) <= 12
        assert client.get("/api/system-info", headers={"X-API-Key": other}).status_code == 200
        # Guessing is limited too.
        guesses = [client.get("/api/system-info", headers={"X-API-Key": f"guess {n}"}).status_code for n in range(7)]
        assert guesses == [401] * 5 + [429] * 2


def test_a_body_above_the_limit_is_refused_announced_or_not(client: TestClient) -> None:
    limit = client.app.state.settings.api.max_body_bytes
    assert client.post("/test/notes/1", json={"text": "x" * (limit - 100)}).status_code == 200
    announced = client.post("/test/notes/1", json={"text": "x" * limit})
    assert error(announced, 413)["code"] == "body_too_large"

    def in_pieces() -> Any:
        yield b'{"text": "'
        for _ in range(limit // 1000 + 1):
            yield b"x" * 1000
        yield b'"}'

    unannounced = client.post("/test/notes/1", content=in_pieces(), headers={"Content-Type": "application/json"})
    assert error(unannounced, 413)["code"] == "body_too_large"


def test_headers_above_the_limit_are_refused_though_they_are_complete(client: TestClient) -> None:
    """The server limits heads that never end; this one ends, and is still too large."""
    answer = client.get("/api/health", headers={"X-Padding": "x" * 40_000})
    assert answer.status_code == 431
    assert answer.json()["error"]["code"] == "headers_too_large"
    assert client.get("/api/health", headers={"X-Padding": "x" * 20_000}).status_code == 200


def test_only_the_named_origins_may_call_from_a_page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTORY_API__KEYS", json.dumps([f"one:{SECRET}"]))
    monkeypatch.setenv("FACTORY_API__CORS_ORIGINS", '["https://board.example"]')
    ask = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-API-Key"}
    with TestClient(create_app(load_settings())) as client:
        allowed = client.options("/api/rtms/analyze", headers={"Origin": "https://board.example", **ask})
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://board.example"
        refused = client.options("/api/rtms/analyze", headers={"Origin": "https://elsewhere.example", **ask})
        assert error(refused, 400)["code"] == "cors_refused"
        # An error must be readable by the page too.
        unknown = client.get("/api/rtms/analyze", headers={"Origin": "https://board.example"})
        assert unknown.status_code == 401
        assert unknown.headers["Access-Control-Allow-Origin"] == "https://board.example"


def test_every_action_is_in_the_audit_log_with_its_author_and_outcome(client: TestClient, warehouse: Warehouse) -> None:
    client.post("/test/notes/7", json={"text": f"a body with {SECRET}"}, headers={"X-Request-ID": "r-post"})
    assert [row["request_id"] for row in audit_rows(warehouse, 1)] == ["r-post"]  # a change is written at once
    client.get("/api/system-info?token=not-for-the-log", headers={"X-Request-ID": "r-get"})
    client.get("/api/rtms/hierarchy/Country", headers={"X-Request-ID": "r-404"})
    client.get("/test/defect", headers={"X-Request-ID": "r-500"})
    client.get("/odd%00path", headers={"X-API-Key": "wrong", "X-Request-ID": "r-401"})
    client.get("/api/health")
    client.get("/metrics")
    rows = audit_rows(warehouse, 5)
    facts = ("request_id", "actor", "action", "path", "outcome", "status_code", "error_code")
    assert [tuple(row[fact] for fact in facts) for row in rows] == [
        ("r-post", "tests", "POST /test/notes/{note_id}", "/test/notes/7", "done", 200, None),
        ("r-get", "tests", "GET /api/system-info", "/api/system-info", "done", 200, None),
        ("r-404", "tests", "GET /api/rtms/hierarchy/{level}", "/api/rtms/hierarchy/Country", "refused", 404,
         "level_unknown"),
        ("r-500", "tests", "GET /test/defect", "/test/defect", "failed", 500, "internal_error"),
        ("r-401", None, "GET (no route)", "/odd\N{REPLACEMENT CHARACTER}path", "refused", 401, "key_unknown"),
    ]  # fmt: skip
    assert rows[0]["at"] == client.app.state.clock()
    assert rows[0]["client_host"] == "testclient"
    assert SECRET not in str(rows)
    assert "not-for-the-log" not in str(rows)


def test_whoever_writes_the_audit_log_can_only_add_to_it(client: TestClient, warehouse: Warehouse) -> None:
    from psycopg.errors import InsufficientPrivilege

    client.get("/api/system-info")
    assert len(audit_rows(warehouse, 1)) == 1
    for statement in (
        sql.SQL("DELETE FROM edge.audit_log"),
        sql.SQL("UPDATE edge.audit_log SET actor = NULL"),
        sql.SQL("TRUNCATE edge.audit_log"),
    ):
        with pytest.raises(InsufficientPrivilege):
            warehouse.execute(statement)
    # The line of 2025 is older than a day; a log that keeps nothing is refused.
    assert warehouse.rows("edge/prune_audit_log", {"keep_days": 1}) == [{"removed": 1}]
    with pytest.raises(Exception, match="at least one day"):
        warehouse.rows("edge/prune_audit_log", {"keep_days": 0})
