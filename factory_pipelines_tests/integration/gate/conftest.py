"""The gate's API in process, over a real warehouse."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import Settings, load_settings

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
NOW = datetime(2026, 3, 2, 4, 10, tzinfo=UTC)  # 09:40 in Kolkata


class Clock:
    """The present, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def edge_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    monkeypatch.setenv("FACTORY_API__RATE_LIMIT_PER_MIN", "100000")
    monkeypatch.setenv("FACTORY_API__AUDIT_DAYS", "36500")
    return load_settings()


@pytest.fixture
def app(edge_settings: Settings, clock: Clock) -> FastAPI:
    return create_app(edge_settings, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers={"X-API-Key": SECRET}) as client:
        yield client


@pytest.fixture
def validate(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Asks about one read, as the seed does."""

    def ask(text: str, confidence: float = 0.92, **more: Any) -> dict[str, Any]:
        body = {"ocr_text": text, "ocr_confidence": confidence, **more}
        response = client.post("/api/v1/vehicle/validate-plate", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


@pytest.fixture
def enter(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Enters a plate into a list."""

    def into(kind: str, plate: str, **more: Any) -> dict[str, Any]:
        body = {"plate_number": plate, "reason": "because", "officer": "Officer_Smith", **more}
        response = client.post(f"/api/v1/vehicle/lists/{kind}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return into
