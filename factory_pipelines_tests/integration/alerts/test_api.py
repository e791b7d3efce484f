"""The alerts' routes, on a bare application: keys, limits and the error body are the edge's."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from factory_pipelines.alerts import engine
from factory_pipelines.alerts.api import router
from factory_pipelines.settings import load_settings
from factory_pipelines_tests.unit.alerts.factory_floor import START, breach, pull

from .providers import Fails
from .test_engine import evaluate, open_alert
from .test_outbox_killed import WHATSAPP

NOW = START + timedelta(minutes=15)


@pytest.fixture
def client(warehouse, reader, settings):
    app = FastAPI()
    app.include_router(router)
    app.state.warehouse, app.state.writer, app.state.settings = reader, warehouse, settings
    app.state.clock = lambda: NOW
    with TestClient(app) as client:
        yield client


def test_listing_and_acknowledging(client, warehouse):
    alert = open_alert(warehouse)
    [listed] = client.get("/api/rtms/alerts").json()["data"]["alerts"]
    assert (listed["alert_id"], listed["status"], listed["value"]) == (alert, "open", 78.5)
    assert listed["place"]["line_name"] == "Line-3"
    answer = client.post(f"/api/rtms/alerts/{alert}/acknowledge", json={"by": "Asha"})
    assert answer.json()["data"] == {"alert_id": alert, "status": "acknowledged", "changed": True}
    again = client.post(f"/api/rtms/alerts/{alert}/acknowledge")
    assert (again.status_code, again.json()["data"]["changed"]) == (200, False)
    [listed] = client.get("/api/rtms/alerts", params={"status": "acknowledged"}).json()["data"]["alerts"]
    assert (listed["acknowledged_by"], listed["acknowledged_at"]) == ("Asha", "2026-03-02T03:15:00Z")
    assert client.post(f"/api/rtms/alerts/{alert}/resolve").json()["data"]["status"] == "resolved"
    over = client.post(f"/api/rtms/alerts/{alert}/acknowledge")
    assert (over.status_code, over.json()["detail"]["code"]) == (409, "alert_over")


def test_filters(client, warehouse):
    for n in (1, 2):
        evaluate(warehouse, pull(n), [breach(), breach("emp:2", line_name="Line-9")])

    def subjects(**params):
        answer = client.get("/api/rtms/alerts", params=params)
        assert answer.status_code == 200
        return [alert["subject"] for alert in answer.json()["data"]["alerts"]]

    assert subjects(LineName="Line-9") == ["emp:2"]
    assert subjects(LineName="'; DROP TABLE alerts.alerts --") == []
    assert len(subjects(day="2026-03-02", rule="production.low_efficiency", limit=1)) == 1
    assert subjects(day="2026-03-03") == []
    assert subjects(status=["resolved", "pending"]) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "?day=0", 422),
        ("GET", "?status=everything", 422),
        ("GET", "?limit=0", 422),
        ("GET", "?colour=red", 422),
        ("GET", "?LineName=%00", 422),
        ("POST", "/404/acknowledge", 404),
        ("POST", "/99999999999999999999/acknowledge", 422),
        ("POST", "/deliveries/404/requeue", 404),
        ("GET", "/deliveries?status=lost", 422),
    ],
)
def test_bad_questions(client, method, path, status):
    assert client.request(method, f"/api/rtms/alerts{path}").status_code == status


def test_messages_dead_letters_and_requeueing(client, warehouse, monkeypatch, twilio, settings):
    open_alert(warehouse)
    raised = engine.raise_incident(warehouse, "platform.run_failed", "job", "Failed\x00", "half \ud800", NOW)
    for name, value in {**WHATSAPP, "FACTORY_TWILIO__BASE_URL": twilio.base_url}.items():
        monkeypatch.setenv(name, value)
    client.app.state.settings = load_settings()
    client.app.state.clock = lambda: datetime.now(UTC)
    twilio.plan.append(Fails(400, 63016, "outside the window"))
    done = client.post("/api/rtms/alerts/deliver").json()["data"]
    assert (done["sent"], done["dead"]) == (1, 1)
    everything = client.get("/api/rtms/alerts/deliveries").json()["data"]["deliveries"]
    assert [raised.alert_id] in [d["alert_ids"] for d in everything]
    [dead] = client.get("/api/rtms/alerts/deliveries", params={"status": "dead"}).json()["data"]["deliveries"]
    assert (dead["error_code"], dead["phone_ends_in"], dead["channel"]) == ("63016", "210", "whatsapp")
    url = f"/api/rtms/alerts/deliveries/{dead['delivery_id']}/requeue"
    assert client.post(url).status_code == 200
    assert client.post(url).json()["detail"]["code"] == "delivery_not_dead"
    assert client.post("/api/rtms/alerts/deliver").json()["data"]["sent"] == 1
    assert len(twilio.taken) == 1
