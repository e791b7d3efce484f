"""The API over a real warehouse, at a fixed time."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from factory_pipelines.edge.app import create_app
from factory_pipelines.settings import ApiSettings, Settings, load_settings
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.attendance.people import NOW

SECRET = "1f1e2d3c4b5a69788796a5b4c3d2e1f1"


@pytest.fixture
def api(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client with a key; the present is ``people.NOW``."""
    monkeypatch.setenv("FACTORY_API__KEYS", f'["tests:{SECRET}"]')
    with TestClient(create_app(load_settings(), clock=lambda: NOW)) as client:
        client.headers["X-API-Key"] = SECRET
        yield client


@pytest.fixture(scope="module")
def shared_api(shared_warehouse: Warehouse) -> Iterator[TestClient]:
    """The same over the module's database: for tests that leave nothing behind, or do not mind what is there."""
    settings = Settings(api=ApiSettings(keys=frozenset({f"tests:{SECRET}"}), rate_limit_per_min=100_000))
    app = create_app(settings, warehouse=shared_warehouse, writer=shared_warehouse, clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["X-API-Key"] = SECRET
        yield client
