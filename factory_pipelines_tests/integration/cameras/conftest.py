"""The cameras' API in process, over a real warehouse."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import Settings, load_settings

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture
def edge_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    monkeypatch.setenv("FACTORY_CAMERAS__STATUS_EVERY_S", "1")
    return load_settings()


@pytest.fixture
def app(edge_settings: Settings) -> FastAPI:
    return create_app(edge_settings, clock=lambda: datetime.now(UTC))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers={"X-API-Key": SECRET}) as client:
        yield client
