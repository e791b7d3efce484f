"""The API in process, over a real warehouse."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.shop_floor import ROWS, compute, pull, write_insights

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PULLED_AT = datetime(2025, 9, 12, 9, 50, tzinfo=UTC)


class Clock:
    """The present, moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def _plain_log_lines() -> Iterator[None]:
    """structlog's default draws a traceback in colours, which takes seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    return Clock(PULLED_AT + timedelta(minutes=5))


@pytest.fixture
def edge_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    # The tests live in 2025: what they write must not be older than the audit log is kept.
    monkeypatch.setenv("FACTORY_API__AUDIT_DAYS", "36500")
    return load_settings()


@pytest.fixture
def app(edge_settings: Settings, clock: Clock) -> FastAPI:
    return create_app(edge_settings, clock=clock)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """Somebody without a key."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    """Somebody with the key."""
    stranger.headers["X-API-Key"] = SECRET
    return stranger


@pytest.fixture
def shop_floor(warehouse: Warehouse) -> Warehouse:
    """A warehouse with one pulled and computed day."""
    pull(warehouse, ROWS, PULLED_AT)
    compute(warehouse)
    write_insights(warehouse, PULLED_AT + timedelta(seconds=30))
    return warehouse
