"""Alerts behind the same door: the key is the author, and the audit log has the action."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import sql

from factory_pipelines.alerts import engine
from factory_pipelines.warehouse.pool import Warehouse
from factory_pipelines_tests.integration.edge.conftest import PULLED_AT, Clock


@pytest.fixture
def alert_id(warehouse: Warehouse) -> int:
    """An open alert."""
    return engine.raise_incident(
        warehouse, "platform.run_failed", "nightly", "Nightly training failed", "Look at the run.", PULLED_AT
    ).alert_id


def listed(client: TestClient) -> list[dict[str, Any]]:
    return client.get("/api/rtms/alerts").json()["data"]["alerts"]


def test_an_alert_is_acknowledged_in_the_name_of_the_key(
    client: TestClient, warehouse: Warehouse, alert_id: int, clock: Clock
) -> None:
    assert [(alert["alert_id"], alert["status"]) for alert in listed(client)] == [(alert_id, "open")]
    clock.now += timedelta(minutes=1)
    path = f"/api/rtms/alerts/{alert_id}/acknowledge"
    acted = client.post(path)
    assert acted.status_code == 200
    assert acted.json()["data"] == {"alert_id": alert_id, "status": "acknowledged", "changed": True}
    (alert,) = listed(client)
    assert (alert["status"], alert["acknowledged_by"]) == ("acknowledged", "tests")
    (line,) = warehouse.rows(
        sql.SQL("SELECT actor, action, path, outcome, at FROM edge.audit_log WHERE action LIKE 'POST%'")
    )
    assert line == {
        "actor": "tests",
        "action": "POST /api/rtms/alerts/{alert_id}/acknowledge",
        "path": path,
        "outcome": "done",
        "at": clock.now,
    }
    assert client.post(path).json()["data"]["changed"] is False


def test_refusals_have_the_one_error_body(client: TestClient, alert_id: int) -> None:
    unknown = client.post("/api/rtms/alerts/999999/acknowledge")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "alert_unknown")
    client.post(f"/api/rtms/alerts/{alert_id}/resolve")
    over = client.post(f"/api/rtms/alerts/{alert_id}/acknowledge")
    assert (over.status_code, over.json()["error"]["code"]) == (409, "alert_over")


def test_a_stranger_changes_nothing(stranger: TestClient, warehouse: Warehouse, alert_id: int) -> None:
    assert stranger.post(f"/api/rtms/alerts/{alert_id}/acknowledge").status_code == 401
    assert stranger.post("/api/rtms/alerts/deliver").status_code == 401
    assert warehouse.rows(sql.SQL("SELECT status FROM alerts.alerts")) == [{"status": "open"}]


def test_the_newest_pull_is_decided_upon_once(client: TestClient, shop_floor: Warehouse) -> None:
    """The same breaches that Dagster would have found; asking again decides nothing again."""
    lowest = client.get("/api/rtms/analyze").json()["data"]["ai_analysis"]["underperformers"]
    first = client.post("/api/rtms/alerts/evaluate")
    assert first.status_code == 200
    assert first.json()["data"]["breach_count"] == sum(row["is_alert_breach"] for row in lowest) > 0
    assert first.json()["data"]["ignored"] is None
    assert client.post("/api/rtms/alerts/evaluate").json()["data"]["ignored"]


def test_deciding_needs_a_key(stranger: TestClient) -> None:
    assert stranger.post("/api/rtms/alerts/evaluate").status_code == 401
