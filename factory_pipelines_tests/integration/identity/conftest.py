"""Faces over a real warehouse and a Rekognition on loopback; the API in process."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.identity.matchers import Matchers
from factory_pipelines.identity.service import IdentityService
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.rekognition_server import RekognitionServer

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
def rekognition() -> Iterator[RekognitionServer]:
    server = RekognitionServer()
    yield server
    server.close()


@pytest.fixture
def aws(rekognition: RekognitionServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that point to the Rekognition on loopback; no retries, unless a test asks for them."""
    for name, value in {
        "COLLECTION_ID": "people",
        "AWS_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": rekognition.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
        "TIMEOUT_S": "2",
        "MAX_RETRIES": "0",
        "CALLS_PER_S": "1000",
        "BREAKER_FAILURES": "1000",
        "ATTENDANCE_DEVICES": "terminal-1:any,door-in:in",
    }.items():
        monkeypatch.setenv(f"FACTORY_IDENTITY__{name}", value)
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    monkeypatch.setenv("FACTORY_API__RATE_LIMIT_PER_MIN", "100000")
    return load_settings()


@pytest.fixture
def service(aws: Settings, warehouse: Warehouse, clock: Clock) -> IdentityService:
    """Without its background thread: rounds are made by the tests."""
    return IdentityService(warehouse, aws, clock=clock, matchers=Matchers(aws.identity, warehouse))


@pytest.fixture
def app(aws: Settings, clock: Clock) -> FastAPI:
    return create_app(aws, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers={"X-API-Key": SECRET}) as client:
        yield client


@pytest.fixture
def agree(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Records a consent through the API."""

    def given(person_id: str, **more: Any) -> dict[str, Any]:
        body = {"person_id": person_id, "recorded_by": "hr:meera", "valid_until": "2027-03-01T00:00:00Z", **more}
        response = client.post("/api/v1/identity/consents", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return given
